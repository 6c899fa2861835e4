#include "model.h"

namespace dsnet {

Model::Model(const char* name, Strategy of) : filename(name), mapping(name), strategy(of) {
  const Gguf file(mapping.data(), mapping.size());
  arena = file.data_section();
  arena_bytes = file.data_bytes();
  program = read_program(file);
  check_program(program);
  if (strategy == Strategy::masking) masks = mask_program(program);
  weights = bind_weights(program, file);
  layout = plan_layout(program);
  add_masks(program, masks, layout);
}

void Model::check() const { check_panels(program, Gguf(mapping.data(), mapping.size())); }

}  // namespace dsnet
