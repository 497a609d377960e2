# llhttp comes from Debian: libllhttp-dev (13), or the C sources that node-llhttp installs
# under /usr/share/llhttp (12). Nothing is vendored, nothing is downloaded.
pkg_check_modules(LLHTTP IMPORTED_TARGET libllhttp)
if(LLHTTP_FOUND)
  add_library(llhttp INTERFACE)
  target_link_libraries(llhttp INTERFACE PkgConfig::LLHTTP)
elseif(EXISTS /usr/share/llhttp/llhttp.c)
  add_library(llhttp STATIC /usr/share/llhttp/api.c /usr/share/llhttp/http.c
    /usr/share/llhttp/llhttp.c)
  target_include_directories(llhttp SYSTEM PUBLIC /usr/share/include/llhttp)
  # 8.1 is lax unless told otherwise; 9 is strict by itself.
  target_compile_definitions(llhttp PUBLIC LLHTTP_STRICT_MODE=1)
  if(SANITIZE)
    target_compile_options(llhttp PRIVATE -fsanitize=address,undefined)
  endif()
else()
  message(FATAL_ERROR "llhttp not found: install libllhttp-dev (Debian 13) or node-llhttp (Debian 12)")
endif()
