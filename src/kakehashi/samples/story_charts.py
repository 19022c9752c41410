"""What happened to the told persons in the sample year (2025-11-21 to 2026-11-20). Clinically plausible, invented."""

from kakehashi.samples.charts import Chart
from kakehashi.samples.pen import AT_NIGHT, THRICE, TWICE, Pen

HBA1C = "グリコヘモグロビンA1c"


def story_charts() -> list[Chart]:
    """Return the charts of all told persons, in a fixed order."""
    return [
        tell().chart()
        for tell in (_hanako, _makoto, _ren, _misaki, _isamu, _aya, _sora, _sho, _sho2, _kazuko)
    ]


def _hanako() -> Pen:
    pen = Pen("hanako")
    course = (
        ("2025-12-04", 7.9, 148, 0.61), ("2026-01-15", 7.6, 139, 0.63), ("2026-03-05", 7.3, 131, 0.60),
        ("2026-05-14", 7.1, 96, 0.66), ("2026-07-09", 6.8, 88, 0.64), ("2026-09-10", 6.7, 84, 0.67),
        ("2026-11-05", 6.6, 79, 0.66),
    )  # fmt: skip
    for number, (day, hba1c, ldl, creatinine) in enumerate(course):
        visit = pen.visit("sakura", day, "内科", "糖尿病の定期受診")
        if not number:
            pen.problem(visit, "2型糖尿病", "E119", "2015-06-01", disease="20050020")
            pen.problem(visit, "高血圧症", "I10", "2018-04-10")
            pen.allergy(visit, "ヨード造影剤", "2012-09-03", "全身の蕁麻疹", severe=True)
        pen.labs(
            visit,
            day,
            **{HBA1C: hba1c, "LDL-コレステロール": ldl, "クレアチニン": creatinine, "グルコース": hba1c * 19},
        )
        pen.medicine(visit, day, "メトグルコ錠５００ｍｇ", 56, TWICE, yj="3962002F2027")
        pen.medicine(visit, day, "アムロジピンＯＤ錠５ｍｇ", 56)
    _hanako_in_hospital(pen)
    bones = pen.visit("aoba", "2026-10-20", "整形外科", "右膝の痛み")
    pen.problem(bones, "変形性膝関節症", "M179", "2026-10-20")
    pen.medicine(bones, "2026-10-20", "セレコックス錠１００ｍｇ", 28, TWICE, yj="1149037F1020")
    eyes = pen.visit("minato", "2026-06-11", "眼科", "糖尿病網膜症の検査")
    pen.problem(eyes, "単純糖尿病網膜症", "E113", "2026-06-11")
    return pen


def _hanako_in_hospital(pen: Pen) -> None:
    stay = pen.visit("chuo", "2026-04-06", "循環器内科", "労作時の胸痛", kind="IMP", until="2026-04-11")
    pen.problem(stay, "狭心症", "I209", "2026-04-06", disease="20058911")
    pen.procedure(stay, "2026-04-07", "経皮的冠動脈形成術")
    for day, bnp, crp in (("2026-04-06", 62.0, 0.31), ("2026-04-08", 48.5, 1.2), ("2026-04-11", 30.2, 0.4)):
        pen.labs(
            stay,
            day,
            **{"ヒト脳性Na利尿ペプチド": bnp, "C反応性蛋白(CRP)": crp, "ヘモグロビン": 12.8, "カリウム": 4.1},
        )
    for name, days in (
        ("バイアスピリン錠１００ｍｇ", 28),
        ("クロピドグレル錠７５ｍｇ", 28),
        ("ロスバスタチン錠５ｍｇ", 28),
    ):
        pen.medicine(stay, "2026-04-11", name, days, kind="discharge")
    for day in ("2026-05-08", "2026-08-07", "2026-10-30"):
        visit = pen.visit("chuo", day, "循環器内科", "冠動脈治療後の経過観察")
        pen.labs(visit, day, **{"ヒト脳性Na利尿ペプチド": 21.0, "LDL-コレステロール": 82})
        pen.medicine(visit, day, "バイアスピリン錠１００ｍｇ", 84)
        # beside the other clinic's celecoxib
        pen.medicine(visit, day, "ロキソプロフェンＮａ錠６０ｍｇ", 28, THRICE, yj="1149019F1560")


def _makoto() -> Pen:
    pen = Pen("makoto")
    clinic = pen.visit("sakura", "2026-08-20", "内科", "胃もたれと体重減少")
    pen.problem(clinic, "胃もたれ", "R101", "2026-08-01")
    pen.labs(clinic, "2026-08-20", **{"ヘモグロビン": 10.2, "C反応性蛋白(CRP)": 0.8})
    pen.medicine(clinic, "2026-08-20", "ランソプラゾールＯＤ錠１５ｍｇ", 28, yj="2329023F1020")
    hospital = pen.visit("chuo", "2026-09-03", "消化器内科", "上部消化管内視鏡検査")
    pen.problem(hospital, "胃体部癌の疑い（病理確認済）", "C162", "2026-09-10", flag="UNINFORMED")
    pen.problem(hospital, "鉄欠乏性貧血", "D509", "2026-09-03")
    pen.labs(hospital, "2026-09-03", **{"ヘモグロビン": 9.8, "血小板数": 312, "白血球数": 6100})
    return pen


def _ren() -> Pen:
    pen = Pen("ren")
    for day in ("2026-07-02", "2026-08-06", "2026-09-03"):
        visit = pen.visit("mori", day, "心療内科", "不眠")
        if day == "2026-07-02":
            pen.problem(visit, "適応障害", "F432", day, flag="UNDELIVERED")
            pen.problem(visit, "不眠症", "G470", day)
        pen.medicine(visit, day, "レンボレキサント錠５ｍｇ", 28, AT_NIGHT)
    other = pen.visit("umibe", "2026-10-01", "内科", "咳と発熱")
    pen.problem(other, "急性気管支炎", "J209", "2026-10-01", ended="2026-10-10")
    return pen


def _misaki() -> Pen:
    pen = Pen("misaki")
    for day in ("2026-02-05", "2026-03-05", "2026-04-09"):
        visit = pen.visit("mori", day, "心療内科", "気分の落ち込み")
        if day == "2026-02-05":
            pen.problem(visit, "うつ病エピソード", "F329", day)
        pen.medicine(visit, day, "エスシタロプラム錠１０ｍｇ", 28)
    bones = pen.visit("aoba", "2026-09-15", "整形外科", "腰痛")
    pen.problem(bones, "腰痛症", "M545", "2026-09-15")
    pen.medicine(bones, "2026-09-15", "アセトアミノフェン錠５００ｍｇ", 14, THRICE)
    return pen


def _isamu() -> Pen:
    pen = Pen("isamu")
    for day, inr in (("2026-01-22", 2.1), ("2026-04-23", 2.4), ("2026-07-23", 2.2), ("2026-10-22", 2.6)):
        visit = pen.visit("umibe", day, "内科", "心房細動の定期受診")
        if day == "2026-01-22":
            pen.problem(visit, "心房細動", "I489", "2019-03-01")
            pen.allergy(visit, "ペニシリン", "1998-05-01", "アナフィラキシー", severe=True)
        pen.labs(visit, day, **{"プロトロンビン時間": inr, "クレアチニン": 0.92})
        pen.medicine(visit, day, "ワーファリン錠１ｍｇ", 91)
    heart = pen.visit("minato", "2026-03-18", "循環器内科", "心エコー検査")
    pen.problem(heart, "慢性心不全", "I509", "2026-03-18", disease="20084004")
    emergency = pen.visit("daigaku", "2026-11-19", "救急科", "意識障害で搬送", kind="EMER")
    pen.labs(emergency, "2026-11-19", **{"プロトロンビン時間": 3.4, "ヘモグロビン": 12.1, "カリウム": 4.4})
    return pen


def _aya() -> Pen:
    pen = Pen("aya")
    visit = pen.visit("sakura", "2026-05-21", "内科", "花粉症")
    pen.problem(visit, "季節性アレルギー性鼻炎", "J301", "2026-05-21")
    pen.allergy(visit, "花粉", "2010-03-01", "鼻炎")
    pen.medicine(visit, "2026-05-21", "フェキソフェナジン錠６０ｍｇ", 28, TWICE)
    return pen


def _sora() -> Pen:
    pen = Pen("sora")
    for day, vaccine in (("2026-01-20", "水痘ワクチン（2回目）"), ("2026-10-27", "インフルエンザワクチン")):
        visit = pen.visit("hikari", day, "小児科", "予防接種")
        pen.vaccine(visit, day, vaccine)
    rash = pen.visit("hikari", "2026-04-14", "小児科", "卵を食べた後の発疹")
    pen.problem(rash, "食物アレルギー", "T781", "2026-04-14")
    pen.allergy(rash, "卵タンパク", "2026-04-14", "全身の発疹と咳")
    night = pen.visit("daigaku", "2026-08-02", "小児科", "熱性けいれん", kind="EMER")
    pen.problem(night, "熱性けいれん", "R560", "2026-08-02", ended="2026-08-03")
    pen.labs(night, "2026-08-02", **{"白血球数": 9800, "C反応性蛋白(CRP)": 0.9})
    return pen


def _sho() -> Pen:
    pen = Pen("sho")
    visit = pen.visit("chuo", "2026-06-02", "消化器内科", "健診で肝機能異常")
    pen.problem(visit, "脂肪肝", "K760", "2026-06-02")
    pen.labs(
        visit, "2026-06-02",
        **{"アスパラギン酸アミノトランスフェラーゼ(AST)": 58, "アラニンアミノトランスフェラーゼ(ALT)": 84},
    )  # fmt: skip
    other = pen.visit("umibe", "2026-09-24", "内科", "感冒")
    pen.problem(other, "急性上気道炎", "J069", "2026-09-24", ended="2026-10-01")
    return pen


def _sho2() -> Pen:
    pen = Pen("sho2")
    visit = pen.visit("minato", "2026-07-16", "内科", "高血圧の受診")
    pen.problem(visit, "高血圧症", "I10", "2024-01-15")
    pen.medicine(visit, "2026-07-16", "カンデサルタン錠８ｍｇ", 56)
    return pen


def _kazuko() -> Pen:
    pen = Pen("kazuko")
    for site, day in (("sakura", "2026-02-12"), ("minato", "2026-05-19"), ("sakura", "2026-08-13")):
        visit = pen.visit(site, day, "内科", "脂質異常症の定期受診")
        pen.problem(visit, "脂質異常症", "E785", "2020-10-01")
        pen.labs(visit, day, **{"LDL-コレステロール": 142, "HDL-コレステロール": 61, "トリグリセリド": 128})
        pen.medicine(visit, day, "アトルバスタチン錠１０ｍｇ", 84)
    return pen
