"""What is attached to a document, in a real browser under its policy: it opens, and nothing in it runs."""

from base64 import b64encode

import orjson
import pytest
from browser_person import Person
from playwright.async_api import Browser
from web_region import Region, take

pytestmark = pytest.mark.browser

RED = b"1 0 0 rg 0 0 600 800 re f"
SCRIPT = b" /OpenAction << /S /JavaScript /JS (app.alert('ran');) >>"
LOOK = """async shot => {
  const image = new Image(), canvas = document.createElement('canvas');
  image.src = 'data:image/png;base64,' + shot;
  await image.decode();
  canvas.width = image.width; canvas.height = image.height;
  const drawn = canvas.getContext('2d');
  drawn.drawImage(image, 0, 0);
  return [...drawn.getImageData(image.width * 0.62, image.height / 2, 1, 1).data].slice(0, 3);
}"""


def pdf(more: bytes = b"") -> bytes:
    """A page that is red all over; `more`: what else its catalogue says, such as a script to run once it is open."""
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R" + more + b" >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(RED), RED),
    ]
    made, places = b"%PDF-1.7\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 5\n0000000000 65535 f \n%s" % table
    return made + end + b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(made)


def document(region: Region) -> dict:
    """A discharge summary of a clinic with two PDFs attached, the second with a script."""
    system = f"urn:oid:1.2.392.100495.20.3.51.1{region.sites['sakura'].code}"
    somebody = {
        "resourceType": "Patient", "id": "p", "identifier": [{"system": system, "value": "B1"}], "gender": "male",
        "name": [{"text": "添付 有"}], "birthDate": "1950-01-02", "address": [{"text": "東京都千代田区霞が関1-2-3"}],
    }  # fmt: skip
    summary = {
        "resourceType": "Composition", "id": "k", "status": "final", "date": "2026-11-01T10:00:00Z",
        "type": {"coding": [{"system": "http://loinc.org", "code": "18842-5"}]}, "title": "退院時サマリー",
        "author": [{"display": "桜井"}], "subject": {"reference": "http://sakura.example/Patient/p"},
    }  # fmt: skip
    attached = [
        {
            "resourceType": "DocumentReference", "id": f"d{n}", "status": "current",
            "content": [{"attachment": {"contentType": "application/pdf", "data": b64encode(data).decode()}}],
        }
        for n, data in enumerate((pdf(), pdf(SCRIPT)))
    ]  # fmt: skip
    entries = [
        {"fullUrl": f"http://sakura.example/{one['resourceType']}/{one['id']}", "resource": one}
        for one in (summary, somebody, *attached)
    ]
    return {
        "resourceType": "Bundle", "id": "attached", "type": "document", "timestamp": "2026-11-01T10:00:00Z",
        "identifier": {"system": "http://sakura.example/documents", "value": "1"}, "entry": entries,
    }  # fmt: skip


async def test_an_attached_pdf_opens_and_one_with_a_script_is_only_downloaded(
    chromium: Browser, person: Person, served: tuple[str, Region]
):
    region, page, asked = served[1], person.page, []
    page.on("dialog", lambda one: asked.append(one.message))
    bundle = document(region)
    somebody = bundle["entry"][1]["resource"]
    await take(region.house, region.sites["sakura"], [orjson.dumps(one) for one in (somebody, bundle)])
    await person.sign_in("sakura.doctor")
    await person.go("/reception")
    await page.fill("#number-local", "B1")
    await person.press("探す", "section[aria-labelledby=by-number]")
    await person.press("この人で進む")
    await page.wait_for_selector("#coverage")
    viewer = page.url.replace("reception", "viewer")
    scripted = await page.request.get(f"{viewer}/attachment?ref=Bundle/attached&n=1")
    assert scripted.headers["content-disposition"].startswith("attachment")
    assert scripted.headers["content-type"] == "application/octet-stream"
    await page.goto(f"{viewer}/attachment?ref=Bundle/attached&n=0")
    canvas = await chromium.new_page()
    for _ in range(40):
        seen = await canvas.evaluate(LOOK, b64encode(await page.screenshot()).decode())
        if seen == [255, 0, 0]:
            break
        await page.wait_for_timeout(250)
    await canvas.close()
    assert seen == [255, 0, 0] and asked == []
