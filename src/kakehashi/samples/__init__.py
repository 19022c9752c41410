"""The sample region: invented institutions, staff and people, with a year of synthetic records cut over them.

Nothing here is about a real person or place. Records come from clinosim (people.py) and from the told persons of
story.py; cut.py deals them out over the institutions of region.py; clins/ turns them into what 電子カルテ情報共有
サービス takes; build.py writes it all to files. Nothing here calls the store.
"""
