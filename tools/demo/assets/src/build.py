"""Draw the demo's pictures again: ``python build.py /usr/bin/chromium`` (needs ``playwright`` and ``pillow``).

The results are committed one folder up; nothing runs this while the demo loads.
"""

import io
import pathlib
import sys

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = pathlib.Path(__file__).parent
OUT = HERE.parent
FONTS = (
    pathlib.Path(sys.argv[2])
    if len(sys.argv) > 2
    else pathlib.Path("/usr/share/fonts/opentype/montserrat")
)


def page_html(name):
    html = (HERE / name).read_text()
    for mark, font in (("FONT_BOLD", "Bold"), ("FONT_MEDIUM", "Medium")):
        found = next(FONTS.rglob(f"Montserrat-{font}.*"), None)
        html = html.replace(mark, found.as_uri() if found else "")
    temporary = HERE / f".{name}"
    temporary.write_text(html)
    return temporary


with sync_playwright() as play:
    browser = play.chromium.launch(executable_path=sys.argv[1])
    page = browser.new_page(viewport={"width": 1000, "height": 1000}, device_scale_factor=2)
    for source in ("logo.html", "photo.html", "report.html"):
        temporary = page_html(source)
        page.goto(temporary.as_uri())
        page.wait_for_timeout(400)
        if source == "report.html":
            page.pdf(
                path=OUT / "service_report.pdf", prefer_css_page_size=True, print_background=True
            )
        for element in page.query_selector_all("[id]:is(.logo, .face, #photo)"):
            name = element.get_attribute("id")
            picture = Image.open(io.BytesIO(element.screenshot(omit_background=True)))
            if name == "photo":
                picture.convert("RGB").resize((960, 720)).save(
                    OUT / "pressure_gauge.jpg", quality=82, optimize=True
                )
            else:
                if name.startswith("logo"):
                    picture = picture.crop(picture.getbbox())
                else:
                    picture = picture.resize((320, 320))
                picture.save(OUT / f"{name}.png", optimize=True)
        temporary.unlink()
    browser.close()
