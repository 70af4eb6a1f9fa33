# TICKHOUSE_SANITIZE=address,undefined or thread: compiled and linked into everything of ours.
if(TICKHOUSE_SANITIZE)
  add_compile_options(-fsanitize=${TICKHOUSE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${TICKHOUSE_SANITIZE})
endif()
