from setuptools import setup

PACKAGE = "arshoe_core"

setup(
    name=PACKAGE,
    version="0.1.0",
    description="The vocabulary of ARShoe: camera, SE(3), the foot, plain data types.",
    license="Apache-2.0",
    maintainer="ARShoe developers",
    maintainer_email="maintainers@arshoe.org",
    packages=[PACKAGE],
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
    ],
    install_requires=["setuptools", "numpy", "transforms3d"],
    zip_safe=True,
)
