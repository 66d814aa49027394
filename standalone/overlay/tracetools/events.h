// The events of the LTTng-UST provider ros2, with the names that ros2_tracing gave them, so that its tools read them.
//
// EVENTn(name, kind of argument 1, its name, ...). The argument's name is also the field's. Kinds:
//   P pointer, N pointer that is not recorded, V pointer followed by a field `version`, S string, B bool,
//   I int64_t, U uint64_t, Z size_t, G globally unique id.
// This file is included several times, each time with another meaning of EVENTn.

// Start of processes, nodes and what they own
EVENT1(rcl_init, V, context_handle)
EVENT4(rcl_node_init, P, node_handle, P, rmw_handle, S, node_name, S, namespace)
EVENT2(rmw_publisher_init, P, rmw_publisher_handle, G, gid)
EVENT5(rcl_publisher_init, P, publisher_handle, P, node_handle, P, rmw_publisher_handle, S, topic_name, Z, queue_depth)
EVENT2(rmw_subscription_init, P, rmw_subscription_handle, G, gid)
EVENT5(
  rcl_subscription_init, P, subscription_handle, P, node_handle, P, rmw_subscription_handle, S, topic_name, Z,
  queue_depth)
EVENT2(rclcpp_subscription_init, P, subscription_handle, P, subscription)
EVENT2(rclcpp_subscription_callback_added, P, subscription, P, callback)
EVENT4(rcl_service_init, P, service_handle, P, node_handle, P, rmw_service_handle, S, service_name)
EVENT2(rclcpp_service_callback_added, P, service_handle, P, callback)
EVENT2(rmw_client_init, P, rmw_client_handle, G, gid)
EVENT4(rcl_client_init, P, client_handle, P, node_handle, P, rmw_client_handle, S, service_name)
EVENT2(rcl_timer_init, P, timer_handle, I, period)
EVENT2(rclcpp_timer_callback_added, P, timer_handle, P, callback)
EVENT2(rclcpp_timer_link_node, P, timer_handle, P, node_handle)
EVENT2(rcl_lifecycle_state_machine_init, P, node_handle, P, state_machine)
EVENT3(rcl_lifecycle_transition, P, state_machine, S, start_label, S, goal_label)

// Messages
EVENT2(rclcpp_publish, N, publisher_handle, P, message)
EVENT2(rclcpp_intra_publish, P, publisher_handle, P, message)
EVENT2(rcl_publish, P, publisher_handle, P, message)
EVENT3(rmw_publish, P, rmw_publisher_handle, P, message, I, timestamp)
EVENT4(rmw_take, P, rmw_subscription_handle, P, message, I, source_timestamp, B, taken)
EVENT1(rcl_take, P, message)
EVENT1(rclcpp_take, P, message)
EVENT3(rmw_send_request, P, rmw_client_handle, P, request, I, sequence_number)
EVENT5(rmw_take_request, P, rmw_service_handle, P, request, G, client_gid, I, sequence_number, B, taken)
EVENT5(rmw_send_response, P, rmw_service_handle, P, response, G, client_gid, I, sequence_number, I, timestamp)
EVENT5(rmw_take_response, P, rmw_client_handle, P, response, I, sequence_number, I, source_timestamp, B, taken)

// Callbacks and executors
EVENT2(rclcpp_callback_register, P, callback, S, symbol)
EVENT2(callback_start, P, callback, B, is_intra_process)
EVENT1(callback_end, P, callback)
EVENT0(rclcpp_executor_get_next_ready)
EVENT1(rclcpp_executor_wait_for_work, I, timeout)
EVENT1(rclcpp_executor_execute, P, handle)

// Messages inside one process
EVENT2(rclcpp_ipb_to_subscription, P, ipb, P, subscription)
EVENT2(rclcpp_buffer_to_ipb, P, buffer, P, ipb)
EVENT2(rclcpp_construct_ring_buffer, P, buffer, U, capacity)
EVENT4(rclcpp_ring_buffer_enqueue, P, buffer, U, index, U, size, B, overwritten)
EVENT3(rclcpp_ring_buffer_dequeue, P, buffer, U, index, U, size)
EVENT1(rclcpp_ring_buffer_clear, P, buffer)
