#!/usr/bin/env python3
"""Every .cu file compiles with nvcc, and the unit that calls them compiles against LibTorch's CUDA headers; nothing is linked or run.

LibTorch's CPU wheel holds those headers but for one that a CUDA build generates, c10/cuda/impl/cuda_cmake_macros.h; c10 has a macro to do
without it. ATen/cuda is not used: it needs the headers of cuBLAS, cuSPARSE and cuSOLVER, which a bare toolkit lacks.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[5]
sys.path.insert(1, str(ROOT / "tests/support"))
from runner import lacks, main  # noqa: E402

NVCC = os.environ.get("TUNEWARD_NVCC") or "nvcc"
KERNELS = sorted((ROOT / "worker/engine/cuda").glob("*.cu"))
CALLER = ROOT / "worker/engine/cuda_dispatch.cc"


def architectures():
    """nvcc's options for CMake's list: "80-real;90" is machine code for both and PTX for 90."""
    options = []
    for word in os.environ.get("TUNEWARD_CUDA_ARCHITECTURES", "80-real;90").split(";"):
        number, _, kind = word.partition("-")
        if kind != "virtual":
            options.append(f"-gencode=arch=compute_{number},code=sm_{number}")
        if kind != "real":
            options.append(f"-gencode=arch=compute_{number},code=compute_{number}")
    return options


class CudaCompilesTest(unittest.TestCase):
    def setUp(self):
        if shutil.which(NVCC) is None:
            lacks(self, "nvcc", "nvcc is not on this machine: CUDA code was not compiled")
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def nvcc(self, path):
        return subprocess.run([NVCC, "-std=c++17", "-O3", "-Werror=all-warnings", "-Xcompiler=-Wall,-Wextra", *architectures(), "-I", ROOT, "-c", path,
                               "-o", pathlib.Path(self.folder.name) / "out.o"], capture_output=True, text=True, check=False)

    def test_kernels_compile(self):
        self.assertGreaterEqual(len(KERNELS), 4)
        for path in KERNELS:
            run = self.nvcc(path)
            self.assertEqual(run.returncode, 0, f"{path.name}\n{run.stdout}{run.stderr}")

    def test_a_warning_fails(self):
        path = pathlib.Path(self.folder.name) / "bad.cu"
        path.write_text("__global__ void Kernel(float* x) { int unused; x[0] = 1; }\n", encoding="utf-8")
        self.assertNotEqual(self.nvcc(path).returncode, 0)

    def test_their_caller_compiles(self):
        torch = pathlib.Path(os.environ.get("TUNEWARD_TORCH_ROOT", "")) / "include"
        if not (torch / "c10/cuda/CUDAStream.h").exists():
            lacks(self, "torch", f"no c10/cuda/CUDAStream.h in {torch}")
        # nvcc may be a script elsewhere; a dry run tells the toolkit's folder.
        dry = subprocess.run([NVCC, "--dryrun", "-c", KERNELS[0], "-o", os.devnull], capture_output=True, text=True, check=True)
        toolkit = pathlib.Path(re.search(r"^#\$ TOP=(.+)$", dry.stderr, re.M)[1]) / "include"
        generated = [] if (torch / "c10/cuda/impl/cuda_cmake_macros.h").exists() else ["-DC10_CUDA_NO_CMAKE_CONFIGURE_FILE"]
        run = subprocess.run([os.environ.get("TUNEWARD_CXX", "c++"), "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-DTUNEWARD_CUDA=1",
                              *generated, "-I", ROOT, "-isystem", toolkit, "-idirafter", torch, "-idirafter", torch / "torch/csrc/api/include",
                              CALLER], capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)


if __name__ == "__main__":
    main()
