# The engine's CUDA kernels: sets TUNEWARD_WITH_CUDA, and enables the language only then. The tests compile the kernels
# wherever nvcc is, with or without this.
set(TUNEWARD_CUDA AUTO CACHE STRING "CUDA kernels: AUTO (where nvcc and a LibTorch with CUDA are present), ON, OFF")
set_property(CACHE TUNEWARD_CUDA PROPERTY STRINGS AUTO ON OFF)
# A100 and H100/H200, and PTX for what comes after them.
set(TUNEWARD_CUDA_ARCHITECTURES "80-real;90" CACHE STRING "As CMAKE_CUDA_ARCHITECTURES")
find_program(TUNEWARD_NVCC nvcc PATHS /usr/local/cuda/bin)

set(TUNEWARD_WITH_CUDA OFF)
if(TUNEWARD_WITH_WORKER AND NOT TUNEWARD_CUDA STREQUAL "OFF")
  set(_missing "")
  if(NOT TUNEWARD_NVCC)
    list(APPEND _missing "nvcc")
  endif()
  if(NOT EXISTS ${TUNEWARD_TORCH_ROOT}/lib/libtorch_cuda.so)
    list(APPEND _missing "libtorch_cuda.so in ${TUNEWARD_TORCH_ROOT}/lib")
  endif()
  if(NOT _missing)
    set(TUNEWARD_WITH_CUDA ON)
  elseif(NOT TUNEWARD_CUDA STREQUAL "AUTO")
    list(JOIN _missing " and " _missing)
    message(FATAL_ERROR "TUNEWARD_CUDA=${TUNEWARD_CUDA} needs ${_missing}")
  endif()
endif()

if(TUNEWARD_WITH_CUDA)
  set(CMAKE_CUDA_COMPILER ${TUNEWARD_NVCC})
  set(CMAKE_CUDA_ARCHITECTURES ${TUNEWARD_CUDA_ARCHITECTURES})
  set(CMAKE_CUDA_STANDARD 17)  # CMake 3.25 knows no C++20 of nvcc 13; the kernels need none
  enable_language(CUDA)
  find_package(CUDAToolkit REQUIRED)
  add_library(tp::cudart ALIAS CUDA::cudart_static)
endif()
message(STATUS "CUDA kernels: ${TUNEWARD_WITH_CUDA}")
