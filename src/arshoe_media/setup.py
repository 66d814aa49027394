from setuptools import setup

PACKAGE = "arshoe_media"

setup(
    name=PACKAGE,
    version="0.1.0",
    description="Where ARShoe's frames come from and go to.",
    license="Apache-2.0",
    maintainer="ARShoe developers",
    maintainer_email="maintainers@arshoe.org",
    packages=[PACKAGE, f"{PACKAGE}.nodes"],
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=True,
    entry_points={
        "console_scripts": [
            "source_node = arshoe_media.nodes.source_node:main",
            "recorder_node = arshoe_media.nodes.recorder_node:main",
        ]
    },
)
