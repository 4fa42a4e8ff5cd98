"""What the README and the notebooks show is what the program does."""

import re
import shlex
import warnings
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from typer.testing import CliRunner

from disaster.cli.app import make_program

pytestmark = pytest.mark.usefixtures("one_parser")

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
#: What the tour is asked for.
ANSWERS = "汐入 架空\n架空県潮見市浜町1-1\n"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def blocks(name: str) -> list[str]:
    """Return the shell blocks of the README that follow ``<!-- example: name -->``."""
    text = README.read_text(encoding="utf-8")
    return re.findall(rf"<!-- example: {name} -->\n```sh\n(.*?)```", text, re.DOTALL)


def commands(block: str) -> list[list[str]]:
    joined = block.replace("\\\n", " ")
    return [shlex.split(line, comments=True) for line in joined.splitlines() if shlex.split(line, comments=True)]


def test_the_tour_of_the_readme_runs_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tour,), (after,) = blocks("tour"), blocks("after")
    monkeypatch.chdir(tmp_path)
    program, runner = make_program(), CliRunner()
    for words in (*commands(tour), *commands(after)):
        assert words[0] == "tayori", words
        done = runner.invoke(program, words[1:], input=ANSWERS)
        assert done.exit_code == 0, (words, done.output)
    assert (tmp_path / "hq" / "map.html").stat().st_size <= 5_000_000
    assert (tmp_path / "packs" / "R1-1" / "READ_ME_FIRST.txt").is_file()


def test_the_commands_about_any_file_run_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = blocks("files")
    monkeypatch.chdir(tmp_path)
    (typed,) = re.findall(r"```csv\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "yoru.csv").write_text(typed, encoding="utf-8")
    program, runner = make_program(), CliRunner()
    for words in commands(block):
        done = runner.invoke(program, words[1:])
        assert done.exit_code == 0, (words, done.output)
    assert (tmp_path / "ichi" / "summary.html").is_file()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(path, as_version=4)
    with warnings.catch_warnings():
        # The kernel's own plumbing warns about itself; what the cells do is judged in the kernel.
        warnings.simplefilter("ignore")
        NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert all(cell.get("execution_count") for cell in notebook.cells if cell.cell_type == "code")
