// What a shared library of Android begins with (crtbegin_so.o of the NDK): its identity, a note of the API level it is made for,
// and the destructors of its statics when it is unloaded.
__attribute__((visibility("hidden"))) void* __dso_handle = &__dso_handle;

__attribute__((section(".note.android.ident"), used, aligned(4))) static const struct {
  int name_bytes, value_bytes, type;
  char name[8];
  int api_level;
} ident = {8, 4, 1, "Android", 26};

extern void __cxa_finalize(void*);

__attribute__((destructor)) static void finalize(void) { __cxa_finalize(&__dso_handle); }
