#!/usr/bin/env python3
"""Makes the files in public/fonts from the @font-face rules in style/tokens.css.

Each rule names its file, its weights and its characters; the file gets these and no more. The sources are the
variable fonts of two npm packages (SIL Open Font License 1.1, no reserved font name; public/fonts/LICENSE-*.txt).
Left out everywhere: hinting, and `calt`, whose ligatures show a name or a line of a log otherwise than it was written
(`10x20` as `10×20`, `->` as an arrow).

    python3 -m venv /tmp/fonts && /tmp/fonts/bin/pip install fonttools==4.68.0 brotli==1.2.1
    /tmp/fonts/bin/python style/fonts.py
"""

import hashlib
import io
import re
import subprocess
import tempfile
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

ROOT = Path(__file__).resolve().parent.parent

# The beginning of a file's name: its package and the file in it that has the glyphs, with its SHA-256.
INTER = "@fontsource-variable/inter@5.3.0"
MONO = "@fontsource-variable/jetbrains-mono@5.3.0"
LATIN = (INTER, "inter-latin-wght-normal", "3100e775e8616cd2611beecfa23a4263d7037586789b43f035236a2e6fbd4c62")
EXTENDED = (INTER, "inter-latin-ext-wght-normal", "34b9c504cab7a73e37b746343a449132e56cf7b5481af2cb81dc74dcff25c956")
CODE = (MONO, "jetbrains-mono-latin-wght-normal", "18be452724bfdc236c074ca94a249a7f41a86752c7d04ab258ce9ed5651f6a7e")
SOURCES = {"inter-latin-ext": EXTENDED, "inter-": LATIN, "jetbrains-mono-": CODE}
FEATURES = ["kern", "tnum", "ccmp", "locl", "mark", "mkmk"]


def faces(css):
    """Every rule with a file of ours: its name, its weights and its characters."""
    for rule in re.findall(r"@font-face \{(.*?)\}", css, re.S):
        if file := re.search(r'url\("/fonts/(.+?)\.woff2"\)', rule):
            weights = re.search(r"font-weight: (.+?);", rule)[1]
            ranges = re.findall(r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?", re.search(r"unicode-range: (.+?);", rule)[1])
            characters = [code for low, high in ranges for code in range(int(low, 16), int(high or low, 16) + 1)]
            yield file[1], tuple(float(weight) for weight in weights.split()), characters


def unpacked(package, folder):
    """The package's folder of fonts, fetched once."""
    into = folder / package.replace("/", "-")
    if not into.exists():
        into.mkdir()
        packed = subprocess.run(["npm", "pack", "--silent", package], cwd=into, check=True, capture_output=True, text=True)
        subprocess.run(["tar", "-xzf", packed.stdout.strip()], cwd=into, check=True)
    return into / "package/files"


def made(font, weights, characters):
    """A file with only these characters and weights."""
    options = subset.Options(hinting=False, layout_features=FEATURES, name_IDs=[0, 1, 2, 5], glyph_names=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    font.flavor = None
    # The instancer needs the tables as they are after a round through a file.
    whole, small = io.BytesIO(), io.BytesIO()
    font.save(whole)
    font = instancer.instantiateVariableFont(TTFont(whole), {"wght": weights if len(weights) > 1 else weights[0]})
    font.flavor = "woff2"
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    font.save(small)
    return small.getvalue()


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name, weights, characters in faces((ROOT / "style/tokens.css").read_text()):
            package, source, digest = next(SOURCES[key] for key in SOURCES if name.startswith(key))
            content = (unpacked(package, Path(folder)) / f"{source}.woff2").read_bytes()
            if hashlib.sha256(content).hexdigest() != digest:
                raise SystemExit(f"{source} of {package} is not the file that was looked at")
            content = made(TTFont(io.BytesIO(content)), weights, characters)
            (ROOT / f"public/fonts/{name}.woff2").write_bytes(content)
            print(f"{len(content):>9}  {name}")


main()
