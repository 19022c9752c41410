"""Codes for what clinosim and story.py name in words: laboratory items, allergens.

Sources: core laboratory list of the CLINS guide (terms/japan_labs); J-FAGY allergen codes of 2025-04 (CC0).
"""

from dataclasses import dataclass

from kakehashi.samples import systems
from kakehashi.samples.trees import Tree, coding
from kakehashi.terms import japan, japan_labs


@dataclass(frozen=True, slots=True)
class Lab:
    """A laboratory item: its name at most hospitals, its code and fixed display in the core list, its material."""

    name: str
    code: str
    display: str

    @property
    def material(self) -> tuple[str, str]:
        """The specimen's code and name; JLAC10 holds the code in characters 10 to 12."""
        code = self.code[9:12]
        return code, MATERIALS[code]


@dataclass(frozen=True, slots=True)
class Allergen:
    """An allergen's coding and the category of allergy it belongs to."""

    coding: Tree
    category: str


MATERIALS = {
    "023": "血清",
    "022": "血漿",
    "019": "全血(添加物入り)",
    "001": "尿(含むその他)",
}  # JLAC10 材料コード


def _lab(name: str, group: str) -> Lab:
    displays, codes = japan_labs.CORE[group]
    return Lab(name, codes.split()[0], displays[0])


LABS = {  # clinosim's name: ours
    "グルコース": _lab("血糖", "BG"),
    "グリコヘモグロビンA1c": _lab("HbA1c(NGSP)", "HbA1c-NGSP"),
    "クレアチニン": _lab("クレアチニン", "Cre"),
    "アスパラギン酸アミノトランスフェラーゼ(AST)": _lab("AST(GOT)", "AST"),
    "アラニンアミノトランスフェラーゼ(ALT)": _lab("ALT(GPT)", "ALT"),
    "カリウム": _lab("カリウム", "K"),
    "ナトリウム": _lab("ナトリウム", "Na"),
    "クロール": _lab("クロール", "Cl"),
    "カルシウム": _lab("カルシウム", "Ca"),
    "白血球数": _lab("白血球数", "WBC"),
    "ヘモグロビン": _lab("ヘモグロビン", "Hb"),
    "血小板数": _lab("血小板数", "PLT"),
    "C反応性蛋白(CRP)": _lab("CRP", "CRP"),
    "尿素窒素": _lab("尿素窒素", "BUN"),
    "総蛋白": _lab("総蛋白", "TP"),
    "アルブミン": _lab("アルブミン", "ALB"),
    "プロトロンビン時間": _lab("PT-INR", "PT-INR"),
    "活性化部分トロンボプラスチン時間": _lab("APTT", "APTT"),
    "D-Dダイマー": _lab("Dダイマー", "DD"),
    "ヒト脳性Na利尿ペプチド": _lab("BNP", "BNP"),
    "コレステロール": _lab("総コレステロール", "T-CHO"),
    "LDL-コレステロール": _lab("LDLコレステロール", "LDL-C"),
    "HDL-コレステロール": _lab("HDLコレステロール", "HDL-C"),
    "トリグリセリド": _lab("中性脂肪", "TG"),
    "総ビリルビン": _lab("総ビリルビン", "T-Bil"),
}

INFECTIONS = (  # asked of everyone who is admitted
    ("HBs抗原", "5F016141001819011", "HBs抗原(判定)"),
    ("HCV抗体", "5F360148202302311", "HCV抗体(判定)"),
    ("梅毒STS", "5E074135102311711", "梅毒STS(定性)"),
    ("梅毒TP抗体", "5E075135101819011", "梅毒TP抗体(定性)"),
)


def _food(code: str, display: str) -> Allergen:
    return Allergen(coding(japan.ALLERGEN_FOOD, code, display), "food")


def _other(code: str, display: str) -> Allergen:
    return Allergen(coding(japan.ALLERGEN_OTHER, code, display), "environment")


# A class of medicines ("penicillins") is no product, and drug allergens are coded by product: the dummy code says so.
_DRUG = Allergen(coding(systems.ALLERGEN_DRUG, "D9M000000000", "未コード化医薬品"), "medication")

ALLERGENS = {
    "ペニシリン": _DRUG,
    "アスピリン": _DRUG,
    "サルファ剤": _DRUG,
    "ヨード造影剤": _DRUG,
    "卵タンパク": _food("J9FB13110000", "鶏卵"),
    "小麦": _food("J9FA15000000", "小麦"),
    "そば": _food("J9FA19140000", "そば"),
    "えび": _food("J9FC15110000", "えび"),
    "落花生": _food("J9FA21180000", "落花生"),
    "花粉": _other("J9NK13320000", "スギ"),
    "ラテックス": _other("J9NP14110000", "ラテックス（天然ゴム）"),
    "ハウスダスト・ダニ": _other("D9N000000000", "未コード化アレルゲン"),
}
