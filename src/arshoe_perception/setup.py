from glob import glob

from setuptools import find_packages, setup

PACKAGE = "arshoe_perception"

setup(
    name=PACKAGE,
    version="0.1.0",
    description="Finds feet: the network, its runtimes, keypoints grouped into feet, and their 6-DoF pose.",
    license="Apache-2.0",
    maintainer="ARShoe developers",
    maintainer_email="maintainers@arshoe.org",
    packages=find_packages(include=[PACKAGE, f"{PACKAGE}.*"]),
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
        (f"share/{PACKAGE}/models", glob("models/*")),
    ],
    install_requires=["setuptools", "numpy", "onnxruntime"],
    extras_require={"torch": ["torch", "onnx"], "openvino": ["openvino"]},
    entry_points={
        "console_scripts": [
            f"network_node = {PACKAGE}.nodes.network_node:main",
            f"pose_node = {PACKAGE}.nodes.pose_node:main",
        ]
    },
    zip_safe=False,
)
