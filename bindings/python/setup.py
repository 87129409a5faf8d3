"""Builds the module with CMake, from the repository that this directory is in."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent


def run(*command):
    try:
        subprocess.run(command, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(
            f"kigumi: {error}\nscripts/install-dependencies.sh, in the repository, installs what the "
            "build needs on Debian"
        ) from None


class BuildWithCMake(build_ext):
    def build_extension(self, extension):
        if not (REPOSITORY / "CMakeLists.txt").exists():
            raise SystemExit("kigumi: build the package inside a clone of the repository")
        build = Path(self.build_temp).resolve() / "cmake"
        generator = ["-G", "Ninja"] if shutil.which("ninja") else []
        run(
            "cmake", "-S", REPOSITORY, "-B", build, "-DCMAKE_BUILD_TYPE=Release",
            "-DKIGUMI_TESTS=OFF", f"-DPython3_EXECUTABLE={sys.executable}", *generator,
        )
        jobs = str(os.cpu_count() or 1)
        run("cmake", "--build", build, "--target", "kigumi_python", "-j", jobs)
        (module,) = (build / "python" / "kigumi").glob("_native*.so")
        target = Path(self.get_ext_fullpath(extension.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(module, target)


setup(ext_modules=[Extension("kigumi._native", [])], cmdclass={"build_ext": BuildWithCMake})
