// The functions of tracetools/tracetools.h, against the LTTng-UST of this machine.
//
// The ROS wheels bring a libtracetools that talks to session daemons of another age; this one takes its place.
#define TRACEPOINT_CREATE_PROBES
#define TRACEPOINT_DEFINE
#include "provider.h"

#include "tracetools/tracetools.h"

bool ros_trace_compile_status(void)
{
  return true;
}

// Three functions per event: emit if enabled, say whether it is enabled, emit.
#define FUNCTIONS(event, parameters, ...) \
  void ros_trace_##event parameters \
  { \
    tracepoint(ros2, event, ##__VA_ARGS__); \
  } \
  bool ros_trace_enabled_##event() \
  { \
    return tracepoint_enabled(ros2, event); \
  } \
  void ros_trace_do_##event parameters \
  { \
    do_tracepoint(ros2, event, ##__VA_ARGS__); \
  }

#define EVENT0(event) FUNCTIONS(event, ())
#define EVENT1(event, k1, a1) FUNCTIONS(event, (C_TYPE_##k1 a1), a1)
#define EVENT2(event, k1, a1, k2, a2) FUNCTIONS(event, (C_TYPE_##k1 a1, C_TYPE_##k2 a2), a1, a2)
#define EVENT3(event, k1, a1, k2, a2, k3, a3) \
  FUNCTIONS(event, (C_TYPE_##k1 a1, C_TYPE_##k2 a2, C_TYPE_##k3 a3), a1, a2, a3)
#define EVENT4(event, k1, a1, k2, a2, k3, a3, k4, a4) \
  FUNCTIONS(event, (C_TYPE_##k1 a1, C_TYPE_##k2 a2, C_TYPE_##k3 a3, C_TYPE_##k4 a4), a1, a2, a3, a4)
#define EVENT5(event, k1, a1, k2, a2, k3, a3, k4, a4, k5, a5) \
  FUNCTIONS( \
    event, (C_TYPE_##k1 a1, C_TYPE_##k2 a2, C_TYPE_##k3 a3, C_TYPE_##k4 a4, C_TYPE_##k5 a5), a1, a2, a3, a4, a5)

#include "events.h"
