/* A plugin for qemu-user (TCG plugin API version 1, qemu 7.2) that counts the instructions a program executes between two
 * marks. A mark is a system call that Linux does not have (kMark below): at the second, the count and a newline go to the
 * program's standard output. The counts are exact and the same on every run.
 *
 * Debian ships no qemu-plugin.h; the declarations used are repeated here.
 */
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

enum { kMark = 0x64736e }; /* count_instructions.cpp says the same */

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
typedef void (*tb_translated)(qemu_plugin_id_t, struct qemu_plugin_tb*);
typedef void (*syscall_entered)(qemu_plugin_id_t, unsigned vcpu, int64_t number, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                uint64_t, uint64_t, uint64_t);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, tb_translated);
void qemu_plugin_register_vcpu_syscall_cb(qemu_plugin_id_t, syscall_entered);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb*);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb*, enum qemu_plugin_op, void* counter, uint64_t addend);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;

static uint64_t executed;

/* A block runs from its first instruction to its last: it ends at a branch or a system call. */
static void count_block(qemu_plugin_id_t id, struct qemu_plugin_tb* block) {
  (void)id;
  qemu_plugin_register_vcpu_tb_exec_inline(block, QEMU_PLUGIN_INLINE_ADD_U64, &executed, qemu_plugin_tb_n_insns(block));
}

static void mark(qemu_plugin_id_t id, unsigned vcpu, int64_t number, uint64_t end, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                 uint64_t f, uint64_t g, uint64_t h) {
  static uint64_t begin;
  (void)id, (void)vcpu, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h;
  if (number != kMark) return;
  if (end) {
    dprintf(STDOUT_FILENO, "%llu\n", (unsigned long long)(executed - begin));
  } else {
    begin = executed;
  }
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void* info, int argc, char** argv) {
  (void)info, (void)argc, (void)argv;
  qemu_plugin_register_vcpu_tb_trans_cb(id, count_block);
  qemu_plugin_register_vcpu_syscall_cb(id, mark);
  return 0;
}
