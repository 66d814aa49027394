from setuptools import find_packages, setup

PACKAGE = "arshoe_trace"

setup(
    name=PACKAGE,
    version="0.1.0",
    description="Reports where each frame's time goes in ARShoe, from an LTTng trace or event logs.",
    license="Apache-2.0",
    maintainer="ARShoe developers",
    maintainer_email="maintainers@arshoe.org",
    packages=find_packages(include=[PACKAGE, f"{PACKAGE}.*"]),
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=True,
    entry_points={"console_scripts": [f"report = {PACKAGE}.report:main"]},
)
