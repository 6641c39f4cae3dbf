"""Make a virtual environment from requirement files: ``make_environment.py FOLDER FILE [FILE …]``."""

import subprocess
import sys
import venv
from pathlib import Path


def main() -> None:
    """Create the folder, install, and leave the mark ``.installed``, which make compares with the files."""
    folder, files = Path(sys.argv[1]), sys.argv[2:]
    print(f"preparing {folder} ({', '.join(files)})", flush=True)
    venv.create(folder, with_pip=True, clear=True)
    listed = [word for file in files for word in ("-r", file)]
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*command, *listed], check=False).returncode != 0:
        raise SystemExit(f"could not install {', '.join(files)}: pip says why above")
    (folder / ".installed").touch()


if __name__ == "__main__":
    main()
