// What a kind of argument in events.h is in C.
#ifndef ARSHOE_TRACETOOLS_KINDS_H
#define ARSHOE_TRACETOOLS_KINDS_H

#define C_TYPE_P const void *
#define C_TYPE_N const void *
#define C_TYPE_V const void *
#define C_TYPE_S const char *
#define C_TYPE_B bool
#define C_TYPE_I int64_t
#define C_TYPE_U uint64_t
#define C_TYPE_Z size_t
#define C_TYPE_G const uint8_t *

#endif
