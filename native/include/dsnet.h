/* C ABI of the dsnet-edge native runtime.
 *
 * A dsnet_model is the read-only mapping of one `model.dsnet` file and the program checked from it; any number of
 * threads may share it. A dsnet_session is the run state over it: one activation arena, sized once for the widest path,
 * and a thread pool. One thread may use a session at a time. After dsnet_session_create nothing allocates.
 *
 * Every function that can fail returns a dsnet_status and, where it takes `message`, writes one line naming the
 * cause and the fix, always zero-terminated. Nothing throws across this boundary. A null handle or buffer is refused with
 * DSNET_ERROR_ARGUMENT; functions without a status answer it with zeros; close and destroy ignore it.
 */
#ifndef DSNET_H_
#define DSNET_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define DSNET_API
#else
#define DSNET_API __attribute__((visibility("default")))
#endif

#define DSNET_PATH_AUTO (-1) /* let the gate decide */

typedef enum dsnet_status {
  DSNET_OK = 0,
  DSNET_ERROR_IO = 1,       /* the file cannot be opened or mapped */
  DSNET_ERROR_FORMAT = 2,   /* the file is not a valid model.dsnet */
  DSNET_ERROR_VERSION = 3,  /* a valid file of a version this runtime does not read */
  DSNET_ERROR_ARGUMENT = 4, /* the caller passed something out of range */
  DSNET_ERROR_MEMORY = 5,
} dsnet_status;

typedef struct dsnet_model dsnet_model;
typedef struct dsnet_session dsnet_session;

typedef struct dsnet_model_info {
  const char* name;      /* valid as long as the model, and the arena too */
  const char* precision; /* fp32, int8, bf16 or fp16 */
  int32_t n_paths;
  int32_t n_classes;
  int32_t height, width; /* of the input image, channels 3, float32, NHWC, normalised */
  const void* arena;     /* the weight arena inside the mapping */
  size_t arena_bytes;
  size_t activation_bytes; /* what one session allocates for activations */
  int32_t n_gates;
  int32_t n_scores; /* of all gates together; of one gate, n_paths */
} dsnet_model_info;

typedef struct dsnet_timing {
  double prefix_ms, gate_ms, suffix_ms;
} dsnet_timing;

typedef struct dsnet_op_info {
  const char *name, *kind, *segment; /* as docs/format.md has them; valid as long as the model */
  int64_t madds;                     /* multiply-adds on one path, as `dsnet-edge inspect` counts them */
  int64_t bytes;                     /* of its weights and of the values it reads and writes, each once */
} dsnet_op_info;

typedef struct dsnet_peaks {
  double gmadds_per_s;  /* from registers */
  double read_gb_per_s; /* from memory, not from a cache */
} dsnet_peaks;

/* Opens, maps and validates a file: everything but the values of the weight panels, which are nearly all of it and are not even
 * read from the disk before a path needs them. */
DSNET_API dsnet_status dsnet_model_open(const char* filename, dsnet_model** model, char* message, size_t message_bytes);

/* The same, with another strategy than "slicing" for comparison: "masking" computes every path at full width and multiplies each
 * feature map by a mask; "indexing" copies a path's weights into a packed buffer before each op. The logits are the same. */
DSNET_API dsnet_status dsnet_model_open_as(const char* filename, const char* strategy, dsnet_model** model, char* message,
                                           size_t message_bytes);

/* Validates the panels too: reads them all, and refuses numbers that are not finite, or an integer weight of -128. A file that
 * came intact from `dsnet-edge convert` has neither; with them results are wrong, but no memory is touched that should not be. */
DSNET_API dsnet_status dsnet_model_check(const dsnet_model* model, char* message, size_t message_bytes);

DSNET_API void dsnet_model_close(dsnet_model* model); /* after all its sessions */
DSNET_API dsnet_model_info dsnet_model_get_info(const dsnet_model* model);

/* How many scores a gate writes, one for each choice it has; 0 for a gate that is not there. The last gate's choice is what
 * changes from one path to the next, then the one's before: of gates with n choices each, path p takes p / n^(gates behind) % n.
 */
DSNET_API int32_t dsnet_model_gate_choices(const dsnet_model* model, int32_t gate);

/* The memory that a path reads as weights of an op: first byte and extent, in the mapping. NULL and 0 if it has none. */
DSNET_API int32_t dsnet_model_op_count(const dsnet_model* model);
DSNET_API dsnet_status dsnet_model_op_weights(const dsnet_model* model, int32_t op, int32_t path, const void** begin,
                                              size_t* bytes);

/* An op, and what it costs on a path. */
DSNET_API dsnet_status dsnet_model_op_info(const dsnet_model* model, int32_t op, int32_t path, dsnet_op_info* info);

/* `threads` >= 1. `isa` is NULL for the best the CPU has, or one of "scalar", "avx2", "avx512", "neon". */
DSNET_API dsnet_status dsnet_session_create(const dsnet_model* model, int32_t threads, const char* isa, dsnet_session** session,
                                            char* message, size_t message_bytes);

/* One thread a core: the caller stands for cores[0], the other threads are pinned to the rest. The caller's own thread is left
 * where it is: who wants it on cores[0] moves it there, and back. A core twice, or one this process may not use, is refused. */
DSNET_API dsnet_status dsnet_session_create_on(const dsnet_model* model, const int32_t* cores, int32_t n_cores, const char* isa,
                                               dsnet_session** session, char* message, size_t message_bytes);

/* The big cores this thread may use, fastest first, one hardware thread each: as many as a session should have threads. Writes
 * up to `room` of their numbers and returns how many there are, at least 1 (0 if out of memory). */
DSNET_API int32_t dsnet_big_cores(int32_t* cores, int32_t room);

/* What the core that calls can do at most with the kernels of an instruction set (as above, NULL for the best) for fp32, int8,
 * bf16 or fp16: measures for half a second, meanwhile in 64 to 512 MiB of memory, twice the last cache. */
DSNET_API dsnet_status dsnet_measure_peaks(const char* isa, const char* precision, dsnet_peaks* peaks, char* message,
                                           size_t message_bytes);

DSNET_API void dsnet_session_destroy(dsnet_session* session);

/* The kernels that run this model: an instruction set as above, or a variant of it, such as "avx512-vnni" for int8,
 * "avx512-bf16", "neon-dotprod", "neon-fp16". */
DSNET_API const char* dsnet_session_isa(const dsnet_session* session);

/* From now on every op that runs adds its milliseconds to op_ms[op]; quantising the image counts as the first op's. `op_ms` has
 * one element an op, n_ops = dsnet_model_op_count, and is used until this is called with another, or NULL. */
DSNET_API dsnet_status dsnet_session_time_ops(dsnet_session* session, double* op_ms, int32_t n_ops);

/* The stages of dynamic inference, in this order. `image` is [h, w, 3]; `scores` one a choice; `logits` [n_classes]. With several
 * gates, dsnet_gate and dsnet_segment alternate: dsnet_gate runs the gate that is due, dsnet_segment makes one of its choices and
 * goes on to the next gate, and dsnet_suffix takes a path that makes the same choices and one at the last gate. Gate and suffix
 * may run again on the same features. Without gates, dsnet_gate writes nothing. */
DSNET_API dsnet_status dsnet_prefix(dsnet_session* session, const float* image);
DSNET_API dsnet_status dsnet_gate(dsnet_session* session, float* scores);
DSNET_API dsnet_status dsnet_segment(dsnet_session* session, int32_t choice);
DSNET_API dsnet_status dsnet_suffix(dsnet_session* session, int32_t path, float* logits);

/* All of them: `path` or DSNET_PATH_AUTO, which without gates is the widest; writes logits, the path taken and, unless NULL, the
 * scores of all gates [n_scores] and the time of the first segment, of all gates, and of the rest. The gates run on a fixed path
 * too: their attention heads feed what follows. */
DSNET_API dsnet_status dsnet_run(dsnet_session* session, const float* image, int32_t path, float* logits, int32_t* taken,
                                 float* scores, dsnet_timing* timing);

#ifdef __cplusplus
}
#endif
#endif /* DSNET_H_ */
