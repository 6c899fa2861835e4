#include "model.h"

namespace dsnet {

Model::Model(const char* filename) : mapping(filename) {
  const Gguf file(mapping.data(), mapping.size());
  arena = file.data_section();
  arena_bytes = file.data_bytes();
  program = read_program(file);
  check_program(program);
  weights = bind_weights(program, file);
  layout = plan_layout(program);
}

}  // namespace dsnet
