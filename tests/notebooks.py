"""Executes the notebooks against a published night, and compares what they print and draw with what is kept in them.

    python3 tests/notebooks.py --output OUT [--keep] [--pictures FOLDER]

OUT is the output that a night of data-samples/mid-size was published into. Exits 1 when a cell fails, prints something else, or
draws another picture than the kept one. `--keep` keeps what came out instead; `--pictures` writes the pictures as PNG files to look at.
Needs `pip install -r tests/requirements.txt`.
"""

from __future__ import annotations

import argparse
import base64
import difflib
import io
import os
import sys
import tempfile
from pathlib import Path

import nbformat
import numpy
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from PIL import Image

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"

# How far a picture may be from the kept one, as a mean over its pixels of 0 … 255: fonts are drawn a little differently elsewhere.
DIFFERENCE_MAX = 2.0


def execute(path: Path, output: Path):
    """The notebook as it stands after running every cell, without anything that differs from run to run."""
    os.environ["ARREARS_OUTPUT"] = str(output.resolve())
    os.environ["PYTHONHASHSEED"] = "0"
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        # Over sockets of the filesystem: no port is opened.
        manager = AsyncKernelManager(kernel_name="python3", transport="ipc", ip=f"{folder}/kernel")
        NotebookClient(notebook, km=manager, timeout=300, record_timing=False, resources={"metadata": {"path": str(path.parent)}}).execute()
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}
    for cell in notebook.cells:
        cell.metadata = {}
    return notebook


def printed(cell) -> list[str]:
    """The text that a cell prints or shows; of a picture nothing."""
    texts = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            texts += output.text.splitlines()
        elif "image/png" not in output.data:
            texts += output.data.get("text/markdown", output.data.get("text/plain", "")).splitlines()
    return texts


def pictures(cell) -> list[bytes]:
    return [base64.b64decode(output.data["image/png"]) for output in cell.get("outputs", [])
            if output.output_type in ("display_data", "execute_result") and "image/png" in output.data]


def difference(one: bytes, other: bytes) -> float:
    """The mean difference of two pictures, from 0 to 255; 255 when they are of different size."""
    ours, theirs = (numpy.asarray(Image.open(io.BytesIO(picture)).convert("L"), dtype=float) for picture in (one, other))
    return 255.0 if ours.shape != theirs.shape else float(numpy.abs(ours - theirs).mean())


def findings(kept, executed) -> list[str]:
    found = []
    for number, (before, after) in enumerate(zip(kept.cells, executed.cells)):
        if before.cell_type != "code":
            continue
        lines = list(difflib.unified_diff(printed(before), printed(after), "kept", "now", lineterm="", n=0))
        if lines:
            found.append(f"cell {number} prints something else:\n  " + "\n  ".join(lines[2:12]))
        old, new = pictures(before), pictures(after)
        if len(old) != len(new):
            found.append(f"cell {number} draws {len(new)} pictures, {len(old)} are kept")
        found += [f"cell {number} draws another picture, different by {far:.1f}"
                  for far in map(difference, old, new) if far > DIFFERENCE_MAX]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, help="where the night is published")
    parser.add_argument("--keep", action="store_true", help="write what came out into the notebooks")
    parser.add_argument("--pictures", type=Path, help="write the pictures here as PNG files")
    options = parser.parse_args()
    failed = False
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        executed = execute(path, options.output)
        drawn = [picture for cell in executed.cells for picture in pictures(cell)]
        if options.pictures:
            options.pictures.mkdir(parents=True, exist_ok=True)
            for number, picture in enumerate(drawn, 1):
                (options.pictures / f"{path.stem}-{number:02}.png").write_bytes(picture)
        if options.keep:
            nbformat.write(executed, path)
            continue
        found = findings(nbformat.read(path, as_version=4), executed)
        for finding in found:
            print(f"{path.name}: {finding}")
        print(f"{path.name}: {len(executed.cells)} cells, {len(drawn)} pictures: {'as kept' if not found else f'{len(found)} differences'}")
        failed = failed or bool(found) or not drawn
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
