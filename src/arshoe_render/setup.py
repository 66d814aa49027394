from glob import glob

from setuptools import setup

PACKAGE = "arshoe_render"

setup(
    name=PACKAGE,
    version="0.1.0",
    description="Shoes, an OpenGL renderer, occlusion by the leg and compositing for ARShoe.",
    license="Apache-2.0",
    maintainer="ARShoe developers",
    maintainer_email="maintainers@arshoe.org",
    packages=[PACKAGE, f"{PACKAGE}.nodes", f"{PACKAGE}.shoe_maker"],
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
        (f"share/{PACKAGE}/shoes", glob("shoes/*.glb")),
    ],
    install_requires=["setuptools", "numpy", "pillow", "moderngl>=5.7", "transforms3d"],
    entry_points={
        "console_scripts": [
            "shoes = arshoe_render.shoes_command:main",
            "render_node = arshoe_render.nodes.render_node:main",
            "marker_node = arshoe_render.nodes.marker_node:main",
        ]
    },
    extras_require={"import": ["trimesh>=4.5", "fast-simplification"]},
    zip_safe=True,
)
