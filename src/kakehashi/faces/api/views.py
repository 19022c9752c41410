"""`$viewdefinition-run`, imported when somebody first asks for it.

Arrow takes a worker 37 MB and a third of a second, which most never need.
"""

from kakehashi.faces.api.answer import Answer
from kakehashi.faces.api.call import Call


async def run(call: Call) -> Answer:
    """POST [base]/$viewdefinition-run and its like: see view_run.py."""
    from kakehashi.faces.api import view_run

    return await view_run.run(call)
