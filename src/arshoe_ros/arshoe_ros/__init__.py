"""What every ARShoe node shares; a stage of your own may use it or plain rclpy."""
