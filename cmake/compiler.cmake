# Compiler flags of the whole project, and nothing else.

find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers need the two words of sloppiness; several trees share what they compile.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_COMMENTS=1 CCACHE_INODECACHE=1
    CCACHE_SLOPPINESS=pch_defines,time_macros
    CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)
  else()
    add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
  endif()
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # With precompiled headers g++ 12 warns of bounds inside of the standard library.
  add_compile_options(-Wno-stringop-overread)
endif()
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wvla -Werror -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-Wthread-safety -Wno-gnu-statement-expression -Wno-missing-field-initializers)
else()
  add_compile_options(-Wno-missing-field-initializers)
endif()

if(NOT MILLRACE_SANITIZE STREQUAL "")
  add_compile_options(-fsanitize=${MILLRACE_SANITIZE} -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${MILLRACE_SANITIZE})
  add_compile_definitions(MILLRACE_SANITIZED=1)
endif()
if(MILLRACE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Debug" OR NOT MILLRACE_SANITIZE STREQUAL "")
  add_compile_definitions(MILLRACE_DCHECK=1)
endif()
