// The tracepoint provider: makes LTTng-UST's event descriptions of events.h.
#undef TRACEPOINT_PROVIDER
#define TRACEPOINT_PROVIDER ros2
#undef TRACEPOINT_INCLUDE
#define TRACEPOINT_INCLUDE "provider.h"

#if !defined(ARSHOE_TRACETOOLS_PROVIDER_H) || defined(TRACEPOINT_HEADER_MULTI_READ)
#define ARSHOE_TRACETOOLS_PROVIDER_H

#include <lttng/tracepoint.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kinds.h"
#include "tracetools/version.h"

#define GID_BYTES 16

#define FIELD_P(name) ctf_integer_hex(const void *, name, name)
#define FIELD_N(name)
#define FIELD_V(name) FIELD_P(name) ctf_string(version, TRACETOOLS_VERSION_STR)
#define FIELD_S(name) ctf_string(name, name)
#define FIELD_B(name) ctf_integer(int, name, name)
#define FIELD_I(name) ctf_integer(int64_t, name, name)
#define FIELD_U(name) ctf_integer(uint64_t, name, name)
#define FIELD_Z(name) ctf_integer(size_t, name, name)
#define FIELD_G(name) ctf_array(uint8_t, name, name, GID_BYTES)

#define EVENT0(event) TRACEPOINT_EVENT(ros2, event, TP_ARGS(), TP_FIELDS())
#define EVENT1(event, k1, a1) TRACEPOINT_EVENT(ros2, event, TP_ARGS(C_TYPE_##k1, a1), TP_FIELDS(FIELD_##k1(a1)))
#define EVENT2(event, k1, a1, k2, a2) \
  TRACEPOINT_EVENT(ros2, event, TP_ARGS(C_TYPE_##k1, a1, C_TYPE_##k2, a2), TP_FIELDS(FIELD_##k1(a1) FIELD_##k2(a2)))
#define EVENT3(event, k1, a1, k2, a2, k3, a3) \
  TRACEPOINT_EVENT( \
    ros2, event, TP_ARGS(C_TYPE_##k1, a1, C_TYPE_##k2, a2, C_TYPE_##k3, a3), \
    TP_FIELDS(FIELD_##k1(a1) FIELD_##k2(a2) FIELD_##k3(a3)))
#define EVENT4(event, k1, a1, k2, a2, k3, a3, k4, a4) \
  TRACEPOINT_EVENT( \
    ros2, event, TP_ARGS(C_TYPE_##k1, a1, C_TYPE_##k2, a2, C_TYPE_##k3, a3, C_TYPE_##k4, a4), \
    TP_FIELDS(FIELD_##k1(a1) FIELD_##k2(a2) FIELD_##k3(a3) FIELD_##k4(a4)))
#define EVENT5(event, k1, a1, k2, a2, k3, a3, k4, a4, k5, a5) \
  TRACEPOINT_EVENT( \
    ros2, event, TP_ARGS(C_TYPE_##k1, a1, C_TYPE_##k2, a2, C_TYPE_##k3, a3, C_TYPE_##k4, a4, C_TYPE_##k5, a5), \
    TP_FIELDS(FIELD_##k1(a1) FIELD_##k2(a2) FIELD_##k3(a3) FIELD_##k4(a4) FIELD_##k5(a5)))

#include "events.h"

#undef EVENT0
#undef EVENT1
#undef EVENT2
#undef EVENT3
#undef EVENT4
#undef EVENT5

#endif

#include <lttng/tracepoint-event.h>
