// Hostile files: each broken promise of docs/format.md is refused with the field's name, and no truncation or flipped bit
// crashes the loader. Meant to run under AddressSanitizer as well (scripts/native-tests.sh sanitize).
#include <sys/stat.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <vector>

#include "check.h"
#include "dsnet.h"
#include "temporary_file.h"
#include "tiny_model.h"

namespace {

using test::TinyModel;

char message[1024];

// Opens and checks the file; one that opens must also run, on its narrowest and widest path, whatever its panels hold.
dsnet_status try_open(const char* filename) {
  dsnet_model* model = nullptr;
  std::strcpy(message, "");
  dsnet_status status = dsnet_model_open(filename, &model, message, sizeof message);
  CHECK((status == DSNET_OK) == (model != nullptr));
  CHECK(std::strlen(message) > 0 && std::strchr(message, '\n') == nullptr);
  if (status != DSNET_OK) return status;
  const dsnet_model_info info = dsnet_model_get_info(model);
  dsnet_session* session = nullptr;
  CHECK(dsnet_session_create(model, 1, nullptr, &session, nullptr, 0) == DSNET_OK);
  const std::vector<float> image(static_cast<size_t>(info.height) * static_cast<size_t>(info.width) * 3, 0.5F);
  std::vector<float> logits(static_cast<size_t>(info.n_classes));
  for (const int32_t path : {0, info.n_paths - 1}) {
    int32_t taken = 0;
    CHECK(dsnet_run(session, image.data(), path, logits.data(), &taken, nullptr, nullptr) == DSNET_OK);
  }
  dsnet_session_destroy(session);
  status = dsnet_model_check(model, message, sizeof message);
  CHECK(std::strstr(message, filename) != nullptr || status == DSNET_OK);
  dsnet_model_close(model);
  return status;
}

void expect(const test::TemporaryFile& file, const TinyModel& model, dsnet_status status, const char* field) {
  CHECK(file.write(model.bytes()));
  const dsnet_status found = try_open(file.name());
  if (!CHECK(found == status && std::strstr(message, field) != nullptr)) {
    std::printf("  expected status %d naming '%s', found %d: %s\n", status, field, found, message);
  }
}

struct Spoiled {
  const char* field;  // what the message must name
  std::function<void(TinyModel&)> spoil;
};

const std::vector<Spoiled> kSpoiled = {
    {"general.architecture", [](TinyModel& m) { m.architecture = "llama"; }},
    {"general.alignment", [](TinyModel& m) { m.alignment = 32; }},
    {"dsnet.precision", [](TinyModel& m) { m.precision = "int4"; }},
    {"dsnet.input.mean", [](TinyModel& m) { m.mean = {0, 0}; }},
    {"dsnet.input.mean", [](TinyModel& m) { m.mean[1] = NAN; }},
    {"dsnet.input.std", [](TinyModel& m) { m.std[2] = 0; }},
    {"dsnet.input.interpolation", [](TinyModel& m) { m.interpolation = "nearest"; }},
    {"dsnet.input.value", [](TinyModel& m) { m.input = 99; }},
    {"dsnet.input.value", [](TinyModel& m) { m.values[0].channels = {3, 3, 4}; }},
    {"dsnet.labels", [](TinyModel& m) { m.labels.clear(); }},
    {"dsnet.logits", [](TinyModel& m) { m.labels.pop_back(); }},
    {"dsnet.path.choice", [](TinyModel& m) { m.choices = {}; }},
    {"dsnet.path.choice", [](TinyModel& m) { m.choices = {0, 3, 3}; }},
    {"dsnet.path.choice[1]", [](TinyModel& m) { m.choices = {0, 3, 2}; }},
    {"dsnet.gate.scores", [](TinyModel& m) { m.gates = 2; }},
    {"dsnet.gate.count", [](TinyModel& m) { m.gates = 9; }},
    {"no op in the prefix", [](TinyModel& m) { m.gates = 0; }},
    {"dsnet.norm_eps", [](TinyModel& m) { m.norm_eps = 0; }},
    {"dsnet.norm_eps", [](TinyModel& m) { m.norm_eps = NAN; }},
    {"multiples of 16 channels", [](TinyModel& m) { m.find("sum").kind = "group_norm", m.find("sum").input2 = -1; }},
    {"dsnet.op.scale[14]",
     [](TinyModel& m) {
       m.find("sum").kind = "group_norm", m.find("sum").input2 = -1;
       m.values[13].channels = m.values[15].channels = {16, 32, 48};
     }},
    {"dsnet.path.choice[0]", [](TinyModel& m) { m.choices[0] = -1; }},
    {"dsnet.path.madds", [](TinyModel& m) { m.madds.pop_back(); }},
    {"dsnet.value.height[3]", [](TinyModel& m) { m.values[3].h = 0; }},
    {"dsnet.value.width[1]", [](TinyModel& m) { m.values[1].w = 1U << 31; }},
    {"dsnet.value.channels[25]", [](TinyModel& m) { m.values[8].channels = {20, 33, 32}; }},
    {"dsnet.value.channels", [](TinyModel& m) { m.values[8].channels.pop_back(); }},
    {"dsnet.segment.name[1]", [](TinyModel& m) { m.segments[1] = "door"; }},
    {"dsnet.segment.name", [](TinyModel& m) { m.segments.emplace_back("suffix"); }},
    {"dsnet.op.segment[3]", [](TinyModel& m) { m.ops[2].segment = 2; }},
    {"dsnet.op.segment[0]", [](TinyModel& m) { m.ops[0].segment = 3; }},
    {"one op in the gate",
     [](TinyModel& m) {
       for (auto& op : m.ops) op.segment = op.segment == 1 ? 2 : op.segment;
     }},
    {"dsnet.op.kind[0]", [](TinyModel& m) { m.ops[0].kind = "conv3d"; }},
    {"dsnet.op.activation[0]", [](TinyModel& m) { m.ops[0].activation = "gelu"; }},
    {"dsnet.op.activation[2]", [](TinyModel& m) { m.ops[2].activation = "relu"; }},
    {"dsnet.op.input[1]", [](TinyModel& m) { m.ops[1].input = -1; }},
    {"dsnet.op.input[1]", [](TinyModel& m) { m.ops[1].input = 5; }},
    {"dsnet.op.input[1]", [](TinyModel& m) { m.ops[1].input = 0; }},
    {"dsnet.op.input2[1]", [](TinyModel& m) { m.ops[1].input2 = 1; }},
    {"dsnet.op.input2[6]", [](TinyModel& m) { m.find("attend").input2 = -1; }},
    {"dsnet.op.input2[6]", [](TinyModel& m) { m.find("attend").input2 = m.find("reduce").output; }},
    {"dsnet.op.input2[6]", [](TinyModel& m) { m.find("attend").input2 = m.find("early").output; }},
    {"dsnet.op.output[0]", [](TinyModel& m) { m.ops[0].output = 0; }},
    {"dsnet.op.output[1]", [](TinyModel& m) { m.ops[1].output = m.ops[0].output; }},
    {"dsnet.op.output[0]", [](TinyModel& m) { m.values[1].w = 7; }},
    {"dsnet.op.output[1]", [](TinyModel& m) { m.values[2].channels = {9, 9, 9}; }},
    {"dsnet.op.output[1]", [](TinyModel& m) { m.values[2].channels = {8, 8, 9}; }},
    {"dsnet.op.kernel[0]", [](TinyModel& m) { m.ops[0].kernel = 0; }},
    {"dsnet.op.kernel[7]", [](TinyModel& m) { m.find("wide").kernel = 3; }},
    {"dsnet.op.kernel[0]", [](TinyModel& m) { m.ops[0].kernel = 40; }},
    {"dsnet.op.stride[0]", [](TinyModel& m) { m.ops[0].stride = 0; }},
    {"dsnet.op.padding[0]", [](TinyModel& m) { m.ops[0].padding = 3; }},
    {"dsnet.op.row", [](TinyModel& m) { m.ops[0].rows.pop_back(); }},
    {"dsnet.op.row[0]", [](TinyModel& m) { m.ops[0].rows = {0, 0, 1}; }},
    {"dsnet.op.scale of op 'wide'", [](TinyModel& m) { m.find("wide").rows = {0, 1, 3}; }},
    {"dsnet.op.weight of op 'wide'", [](TinyModel& m) { m.find("wide").weight.clear(); }},
    {"dsnet.op.weight of op 'stem'", [](TinyModel& m) { m.ops[0].weight = "nothing"; }},
    {"dsnet.op.weight[2]", [](TinyModel& m) { m.ops[2].weight = "stem.weight"; }},
    {"dsnet.op.weight of op 'wide'", [](TinyModel& m) { m.tensors["wide.weight"] = {{16, 8, 2}, std::vector<float>(256)}; }},
    {"dsnet.op.weight of op 'wide'", [](TinyModel& m) { m.tensors["wide.weight"] = {{16, 7, 3}, std::vector<float>(336)}; }},
    {"dsnet.op.weight of op 'wide'", [](TinyModel& m) { m.tensors["wide.weight"] = {{32, 8, 3}, std::vector<float>(768)}; }},
    {"dsnet.op.weight of op 'early'", [](TinyModel& m) { m.tensors["early.weight"] = {{16, 8}, std::vector<float>(128)}; }},
    {"dsnet.op.weight of op 'early'", [](TinyModel& m) { m.tensors["early.weight"] = {{17, 9}, std::vector<float>(153)}; }},
    {"dsnet.op.scale of op 'early'", [](TinyModel& m) { m.tensors["early.scale"] = {{8, 1}, std::vector<float>(8)}; }},
    {"dsnet.op.scale of op 'early'", [](TinyModel& m) { m.tensors["early.scale"] = {{16}, std::vector<float>(16)}; }},
    {"dsnet.op.shift of op 'early'", [](TinyModel& m) { m.tensors["early.shift"] = {{16, 2}, std::vector<float>(32)}; }},
    {"tensor 'spare'", [](TinyModel& m) { m.tensors["spare"] = {{1}, {0}}; }},
    {"tensor 'wide.weight'", [](TinyModel& m) { m.tensors["wide.weight"].data[17] = INFINITY; }},
    {"tensor 'classifier.shift'", [](TinyModel& m) { m.tensors["classifier.shift"].data.back() = -NAN; }},
    {"tensor 'wide.weight'", [](TinyModel& m) { m.tensors["wide.weight"].shape = {16, uint64_t{1} << 40, uint64_t{1} << 40}; }},
    {"dsnet.op.input2[14] ('sum'): expected 17 channels on path 0, found 20",
     [](TinyModel& m) { m.find("sum").input2 = m.find("again").output; }},
    {"dsnet.op.input2[14] ('sum'): expected a value of 4 x 3, found 7 x 6",
     [](TinyModel& m) { m.find("sum").input2 = m.find("wide").output; }},
    {"dsnet.op.input2[14]", [](TinyModel& m) { m.find("sum").input2 = -1; }},
    {"dsnet.op.input2[14]", [](TinyModel& m) { m.find("sum").input2 = m.find("sum").output; }},
    {"tensor 'wide.weight'", [](TinyModel& m) { m.tensors["wide.weight"].shape = {16, 0, 3}; }},
    {"tensor 'wide.weight'", [](TinyModel& m) { m.tensors["wide.weight"].shape = {16, 8, 3, 1, 1}; }},
    {"dsnet.gate.scores", [](TinyModel& m) { m.scores = 99; }},
    {"dsnet.gate.scores", [](TinyModel& m) { m.scores = m.logits; }},
    {"dsnet.gate.scores", [](TinyModel& m) { m.scores = static_cast<uint32_t>(m.find("reduce").output); }},
    {"dsnet.logits", [](TinyModel& m) { m.logits = static_cast<uint32_t>(m.find("head").output); }},
    {"dsnet.logits", [](TinyModel& m) { m.logits = 0; }},
    {"activations",
     [](TinyModel& m) {  // a consistent program that would need many gigabytes
       m.ops[0].kernel = 1, m.ops[0].stride = 1, m.ops[0].padding = 0,
       m.tensors["stem.weight"] = {{16, 3, 1}, std::vector<float>(48)};
       for (const int v : {0, 1, 2, 7, 8}) m.values[static_cast<size_t>(v)].h = m.values[static_cast<size_t>(v)].w = 16384;
       for (const int v : {9, 12, 13, 14, 15}) m.values[static_cast<size_t>(v)].h = m.values[static_cast<size_t>(v)].w = 8192;
     }},
};

void make_f32(test::TinyTensor& tensor) { tensor.type = test::kF32; }

// Broken promises that only a program on integers makes.
const std::vector<Spoiled> kSpoiledInt8 = {
    {"dsnet.value.type[0]", [](TinyModel& m) { m.precision = "fp32"; }},
    {"dsnet.value.type[0]", [](TinyModel& m) { m.precision = "bf16"; }},
    {"dsnet.value.type[0]", [](TinyModel& m) { m.values[0].type = "f32"; }},
    {"dsnet.value.type[1]", [](TinyModel& m) { m.values[1].type = "i16"; }},
    {"dsnet.value.type[1]", [](TinyModel& m) { m.values[1].type = "f32"; }},
    {"dsnet.value.type[1]", [](TinyModel& m) { m.values[1].type = "bf16"; }},
    {"dsnet.value.type[3]", [](TinyModel& m) { m.values[3].type = "i8"; }},
    {"dsnet.value.scale", [](TinyModel& m) { m.without = "dsnet.value.scale"; }},
    {"dsnet.value.scale[4]", [](TinyModel& m) { m.values[1].scale[1] = 0; }},
    {"dsnet.value.scale[5]", [](TinyModel& m) { m.values[1].scale[2] = INFINITY; }},
    {"dsnet.value.scale[3]", [](TinyModel& m) { m.values[1].scale[0] = NAN; }},
    {"dsnet.value.scale", [](TinyModel& m) { m.values[1].scale.pop_back(); }},
    {"dsnet.value.scale of value 'stem'", [](TinyModel& m) { m.values[1].scale[2] = 0.5F; }},
    {"dsnet.value.scale of value 'stem'", [](TinyModel& m) { m.values[1].zero_point[2] = 1; }},
    {"dsnet.value.zero_point[8]", [](TinyModel& m) { m.values[2].zero_point[2] = 128; }},
    {"dsnet.value.zero_point[6]", [](TinyModel& m) { m.values[2].zero_point[0] = -129; }},
    {"dsnet.op.sums[0]", [](TinyModel& m) { m.ops[0].sums.clear(); }},
    {"dsnet.op.sums[16]", [](TinyModel& m) { m.find("classifier").sums = "wide.sums"; }},
    {"dsnet.op.sums[7]", [](TinyModel& m) { m.find("wide").sums.clear(); }},
    {"dsnet.op.sums of op 'wide'", [](TinyModel& m) { m.find("wide").sums = "wide.scale"; }},
    {"dsnet.op.sums of op 'wide'", [](TinyModel& m) { m.tensors["wide.sums"].data[50] = 127 * 8 + 1; }},
    {"dsnet.op.sums of op 'wide'", [](TinyModel& m) { m.tensors["wide.sums"].data[50] = -127 * 8 - 1; }},
    {"dsnet.op.sums of op 'wide'", [](TinyModel& m) { m.tensors["wide.sums"].shape = {48, 2}; }},
    {"dsnet.op.sums of op 'wide'", [](TinyModel& m) { m.tensors["wide.sums"].shape = {144}; }},
    {"dsnet.op.table[7]", [](TinyModel& m) { m.find("wide").table.clear(); }},
    {"dsnet.op.table[8]", [](TinyModel& m) { m.find("deep").table = "wide.table"; }},
    {"dsnet.op.table of op 'wide'", [](TinyModel& m) { m.tensors["wide.table"].shape = {256, 2}; }},
    {"dsnet.op.table of op 'wide'", [](TinyModel& m) { m.tensors["wide.table"].shape = {255, 3}; }},
    {"dsnet.op.table of op 'wide'", [](TinyModel& m) { make_f32(m.tensors["wide.table"]); }},
    {"dsnet.op.scale[7]", [](TinyModel& m) { m.find("wide").scale.clear(); }},
    {"dsnet.op.shift[1]", [](TinyModel& m) { m.ops[1].shift.clear(); }},
    {"dsnet.op.scale of op 'wide'", [](TinyModel& m) { m.tensors["wide.scale"].type = test::kI32; }},
    {"dsnet.op.scale of op 'classifier'", [](TinyModel& m) { m.find("classifier").scale.clear(); }},
    {"dsnet.op.scale of op 'wide'", [](TinyModel& m) { m.tensors["wide.scale"].data[100] = 1e7F; }},
    {"dsnet.op.scale of op 'wide'", [](TinyModel& m) { m.tensors["wide.shift"].data[100] = -2e9F; }},
    {"dsnet.op.weight of op 'classifier'", [](TinyModel& m) { m.tensors["classifier.weight"].type = test::kI32; }},
    {"dsnet.op.weight of op 'stem'", [](TinyModel& m) { make_f32(m.tensors["stem.weight"]); }},
    {"dsnet.op.weight of op 'early'", [](TinyModel& m) { make_f32(m.tensors["early.weight"]); }},
    {"dsnet.op.weight of op 'wide'", [](TinyModel& m) { make_f32(m.tensors["wide.weight"]); }},
    {"dsnet.op.weight of op 'wide'", [](TinyModel& m) { m.tensors["wide.weight"].shape = {4, 16, 1, 6}; }},
    {"dsnet.op.weight of op 'wide'", [](TinyModel& m) { m.tensors["wide.weight"].shape = {4, 16, 2, 2}; }},
    {"dsnet.op.weight of op 'wide'", [](TinyModel& m) { m.tensors["wide.weight"].shape = {8, 8, 2, 3}; }},
    {"dsnet.op.weight of op 'wide'", [](TinyModel& m) { m.tensors["wide.weight"].shape = {16, 8, 3}; }},
    {"tensor 'wide.weight'", [](TinyModel& m) { m.tensors["wide.weight"].data[5] = -128; }},
    {"tensor 'classifier.weight'", [](TinyModel& m) { m.tensors["classifier.weight"].data[0] = -128; }},
    {"tensor 'wide.weight'", [](TinyModel& m) { m.tensors["wide.weight"].type = 2; }},
};

// Broken promises of half precisions, on a bf16 model and an fp16 one.
const std::vector<Spoiled> kSpoiledHalf = {
    {"dsnet.value.type[1]", [](TinyModel& m) { m.precision = "fp32"; }},
    {"dsnet.value.scale", [](TinyModel& m) { m.precision = "int8", m.without = "dsnet.value.scale"; }},
    {"dsnet.value.type[1]", [](TinyModel& m) { m.precision = m.precision == "bf16" ? "fp16" : "bf16"; }},
    {"dsnet.value.type[0]", [](TinyModel& m) { m.values[0].type = m.values[1].type; }},
    {"dsnet.value.type[1]", [](TinyModel& m) { m.values[1].type = "f32"; }},
    {"dsnet.value.type[1]", [](TinyModel& m) { m.values[1].type = "i8"; }},
    {"dsnet.value.type[3]", [](TinyModel& m) { m.values[3].type = m.values[1].type; }},
    {"dsnet.op.sums[7]", [](TinyModel& m) { m.find("wide").sums = "wide.scale"; }},
    {"dsnet.op.table[7]", [](TinyModel& m) { m.find("wide").table = "wide.scale"; }},
    {"dsnet.op.weight of op 'wide'", [](TinyModel& m) { make_f32(m.tensors["wide.weight"]); }},
    {"dsnet.op.weight of op 'wide'",
     [](TinyModel& m) { m.tensors["wide.weight"].type = m.precision == "bf16" ? test::kF16 : test::kBf16; }},
    {"dsnet.op.weight of op 'wide'", [](TinyModel& m) { --m.tensors["wide.weight"].shape.back(); }},
    {"dsnet.op.weight of op 'wide'", [](TinyModel& m) { --*(m.tensors["wide.weight"].shape.end() - 2); }},
    {"dsnet.op.weight of op 'wide'", [](TinyModel& m) { m.tensors["wide.weight"].shape.pop_back(); }},
    {"dsnet.op.weight of op 'wide'", [](TinyModel& m) { m.tensors["wide.weight"].shape = {4, 16, 2, 3}; }},
    {"dsnet.op.weight of op 'classifier'", [](TinyModel& m) { m.tensors["classifier.weight"].type = test::kI8; }},
    {"dsnet.op.weight of op 'classifier'",
     [](TinyModel& m) { m.tensors["classifier.weight"].type = m.precision == "bf16" ? test::kF16 : test::kBf16; }},
    {"dsnet.op.weight of op 'stem'", [](TinyModel& m) { m.tensors["stem.weight"].type = m.tensors["wide.weight"].type; }},
    {"dsnet.op.weight of op 'early'", [](TinyModel& m) { m.tensors["early.weight"].type = m.tensors["wide.weight"].type; }},
    {"dsnet.op.scale of op 'wide'", [](TinyModel& m) { m.tensors["wide.scale"].type = m.tensors["wide.weight"].type; }},
    {"tensor 'wide.weight'", [](TinyModel& m) { m.tensors["wide.weight"].data[17] = INFINITY; }},
    {"tensor 'wide.weight'", [](TinyModel& m) { m.tensors["wide.weight"].data.back() = -NAN; }},
    {"tensor 'classifier.weight'", [](TinyModel& m) { m.tensors["classifier.weight"].data[0] = NAN; }},
    {"tensor 'early.weight'", [](TinyModel& m) { m.tensors["early.weight"].data[0] = -INFINITY; }},
};

void test_spoiled(const test::TemporaryFile& file) {
  const auto expect_refusals = [&](const char* precision, const std::vector<Spoiled>& all) {
    expect(file, TinyModel(precision), DSNET_OK, "ok");
    for (const Spoiled& spoiled : all) {
      TinyModel model(precision);
      spoiled.spoil(model);
      expect(file, model, DSNET_ERROR_FORMAT, spoiled.field);
    }
  };
  expect_refusals("fp32", kSpoiled);
  expect_refusals("int8", kSpoiledInt8);
  expect_refusals("bf16", kSpoiledHalf);
  expect_refusals("fp16", kSpoiledHalf);
  TinyModel newer, other;
  newer.format_version = 4;
  expect(file, newer, DSNET_ERROR_VERSION, "dsnet.format_version");
  other.gguf_version = 2;
  expect(file, other, DSNET_ERROR_VERSION, "GGUF version");
  for (const char* key : {"general.architecture", "general.alignment", "general.name", "dsnet.format_version", "dsnet.labels",
                          "dsnet.path.madds", "dsnet.value.channels", "dsnet.value.type", "dsnet.op.sums", "dsnet.op.table",
                          "dsnet.op.row", "dsnet.op.shift", "dsnet.gate.count", "dsnet.gate.scores", "dsnet.norm_eps"}) {
    TinyModel model;
    model.without = key;
    expect(file, model, DSNET_ERROR_FORMAT, key);
  }
}

void test_not_a_model(const test::TemporaryFile& file) {
  CHECK(try_open("/nonexistent/model.dsnet") == DSNET_ERROR_IO);
  CHECK(try_open("/tmp") == DSNET_ERROR_IO);
  CHECK(try_open("/dev/zero") == DSNET_ERROR_IO);
  CHECK(file.write({}));
  CHECK(try_open(file.name()) == DSNET_ERROR_FORMAT);
  CHECK(file.write(test::Bytes(5000, 'x')));
  CHECK(try_open(file.name()) == DSNET_ERROR_FORMAT);
  CHECK(std::strstr(message, "GGUF") != nullptr);
  dsnet_model* model = nullptr;
  CHECK(dsnet_model_open(nullptr, &model, message, sizeof message) == DSNET_ERROR_ARGUMENT);
  CHECK(dsnet_model_open(file.name(), nullptr, message, sizeof message) == DSNET_ERROR_ARGUMENT);
  char tiny[8];
  CHECK(dsnet_model_open(file.name(), &model, tiny, sizeof tiny) == DSNET_ERROR_FORMAT && std::strlen(tiny) < sizeof tiny);
}

void test_truncated(const test::TemporaryFile& file, const test::Bytes& bytes, size_t data_begin) {
  for (size_t length = 0; length + 64 <= bytes.size(); length += length < data_begin ? 1 : 61) {
    CHECK(file.write({bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(length)}));
    CHECK(try_open(file.name()) == DSNET_ERROR_FORMAT);
  }
}

void test_flipped_bits(const test::TemporaryFile& file, const test::Bytes& bytes, size_t data_begin) {
  CHECK(file.write(bytes));
  for (size_t at = 0; at < data_begin; ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      const auto flipped = static_cast<uint8_t>(bytes[at] ^ 1U << bit);
      CHECK(file.patch(at, &flipped, 1));
      try_open(file.name());  // whatever the status, it returns
    }
    CHECK(file.patch(at, &bytes[at], 1));
  }
}

void test_extreme_numbers(const test::TemporaryFile& file, const test::Bytes& bytes, size_t data_begin) {
  constexpr uint64_t kExtremes[] = {
      0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000, ~uint64_t{0}};
  for (size_t at = 0; at + 8 <= data_begin; ++at) {
    for (const uint64_t extreme : kExtremes) {
      for (const size_t width : {size_t{4}, size_t{8}}) {
        CHECK(file.patch(at, reinterpret_cast<const uint8_t*>(&extreme), width));
        try_open(file.name());
        CHECK(file.patch(at, &bytes[at], width));
      }
    }
  }
  CHECK(try_open(file.name()) == DSNET_OK);  // all restored
}

}  // namespace

int main(int argc, char**) {
  const test::TemporaryFile file;
  test_spoiled(file);
  test_not_a_model(file);
  if (argc > 1) return check::report("loader");  // any argument: leave out the long sweeps, for emulators
  size_t data_begin = 0;
  const test::Bytes bytes = TinyModel("int8").bytes(&data_begin);
  test_truncated(file, bytes, data_begin);
  test_flipped_bits(file, bytes, data_begin);
  test_extreme_numbers(file, bytes, data_begin);
  return check::report("loader");
}
