"""The vocabulary of ARShoe: camera, SE(3), the foot, plain data types. numpy and transforms3d only."""
