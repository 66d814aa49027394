from setuptools import setup

PACKAGE = "cv_bridge"

setup(
    name=PACKAGE,
    version="0.1.0",
    description="CvBridge for machines without a ROS install.",
    license="Apache-2.0",
    maintainer="ARShoe developers",
    maintainer_email="maintainers@arshoe.org",
    packages=[PACKAGE],
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
    ],
    install_requires=["setuptools", "numpy", "opencv-python-headless"],
    zip_safe=True,
)
