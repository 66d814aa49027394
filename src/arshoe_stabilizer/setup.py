from setuptools import find_packages, setup

PACKAGE = "arshoe_stabilizer"

setup(
    name=PACKAGE,
    version="0.1.0",
    description="Steadies foot poses from frame to frame: optical flow, tracking, stabilisation methods.",
    license="Apache-2.0",
    maintainer="ARShoe developers",
    maintainer_email="maintainers@arshoe.org",
    packages=find_packages(include=[PACKAGE, f"{PACKAGE}.*"]),
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
    ],
    install_requires=["setuptools", "numpy", "arshoe_core"],
    entry_points={"console_scripts": ["stabilizer_node = arshoe_stabilizer.nodes.stabilizer_node:main"]},
    zip_safe=True,
)
