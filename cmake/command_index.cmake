# millrace_command_index(TARGET FOLDER...)
#
# Each file below a `commands/` folder ends in `extern const CommandTable kTable`, in the namespace that
# its path spells. This generates the one list of them, so that a new file is known by being there;
# a file without a table fails to link.
function(millrace_command_index target)
  set(declarations "")
  set(entries "")
  foreach(folder ${ARGN})
    file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cc)
    foreach(file ${files})
      if(file MATCHES "_(test|bench|fuzz)\\.cc$" OR file MATCHES "/support/")
        continue()
      endif()
      string(REGEX REPLACE "\\.cc$" "" path ${file})
      string(REPLACE "/" "::" space ${path})
      string(APPEND declarations "namespace millrace::${space} { extern const engine::CommandTable kTable; }\n")
      string(APPEND entries "    &millrace::${space}::kTable,\n")
    endforeach()
  endforeach()
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${target}_command_index.cc)
  file(CONFIGURE OUTPUT ${out} CONTENT
"// Generated from the paths of the command files.
#include \"engine/command_registry.h\"

@declarations@
namespace millrace::engine {
namespace {
const CommandTable* const kTables[] = {
@entries@};
}  // namespace
std::span<const CommandTable* const> all_command_tables() { return kTables; }
}  // namespace millrace::engine
" @ONLY)
  target_sources(${target} PRIVATE ${out})
endfunction()
