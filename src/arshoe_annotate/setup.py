from setuptools import find_packages, setup

PACKAGE = "arshoe_annotate"

setup(
    name=PACKAGE,
    version="0.1.0",
    description="Labels the 6-DoF poses of feet in pictures, in a browser or from Python.",
    license="Apache-2.0",
    maintainer="ARShoe developers",
    maintainer_email="maintainers@arshoe.org",
    packages=find_packages(include=[PACKAGE, f"{PACKAGE}.*"]),
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
    ],
    install_requires=["setuptools", "numpy"],
    extras_require={"page": ["viser"]},
    zip_safe=True,
    entry_points={"console_scripts": [f"annotate = {PACKAGE}.annotate_command:main"]},
)
