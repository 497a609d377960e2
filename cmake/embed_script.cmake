# Run by embed.cmake: writes OUTPUT, a C file with every Lua source as bytes, sorted by module.
# Bytes, not a string literal: compilers only promise 4095 characters of one.
set(entries "")
set(arrays "#include \"policy/sandbox.h\"\n")
list(SORT SOURCES)
set(i 0)
foreach(source IN LISTS SOURCES)
  file(READ ${ROOT}/lua/${source} hex HEX)
  string(LENGTH "${hex}" length)
  math(EXPR length "${length} / 2")
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "\\.lua$" "" module ${source})
  string(REPLACE "/" "." module ${module})
  string(APPEND arrays "static const unsigned char source_${i}[] = {${bytes}0};\n")
  string(APPEND entries
    "    {\"${module}\", \"lua/${source}\", (const char *)source_${i}, ${length}},\n")
  math(EXPR i "${i} + 1")
endforeach()
file(WRITE ${OUTPUT} "${arrays}
const struct lua_source lua_sources[] = {
${entries}};
const size_t lua_source_count = ${i};
")
