"""What is shipped is whole: the wheel alone, outside the checkout, does the main job."""

import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(*words: object, cwd: Path) -> str:
    done = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.long
def test_the_wheel_in_an_empty_environment_runs_the_demo(tmp_path: Path) -> None:
    build = ("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path)
    run(sys.executable, *build, ROOT, cwd=tmp_path)
    (wheel,) = tmp_path.glob("tayori-*.whl")
    home = tmp_path / "empty"
    venv.EnvBuilder(with_pip=False, symlinks=sys.platform != "win32").create(home)
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", wheel, cwd=tmp_path)
    # The environment of the tests lends the dependencies; the checkout it does not, since its .pth files do not count.
    found = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path)
    site = Path(found.strip())
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    where = run(python, "-c", "import geo, disaster; print(geo.__file__, disaster.__file__)", cwd=tmp_path)
    assert str(ROOT) not in where
    assert where.count(str(home)) == 2
    made = json.loads(run(python, "-m", "disaster", "demo", "--households", "60", "--json", cwd=tmp_path))
    assert made["matched"] == made["returned"] + sum(made["withheld"].values())
    assert (tmp_path / made["map"]).is_file()
