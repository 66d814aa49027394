from glob import glob

from setuptools import find_packages, setup

PACKAGE = "arshoe_learning"

setup(
    name=PACKAGE,
    version="0.1.0",
    description="Synthetic feet, training, evaluation and export of the network.",
    license="Apache-2.0",
    maintainer="ARShoe developers",
    maintainer_email="maintainers@arshoe.org",
    packages=find_packages(include=[PACKAGE, f"{PACKAGE}.*"]),
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
        (f"share/{PACKAGE}/configs", glob("configs/*.yaml")),
    ],
    install_requires=["setuptools", "numpy", "pyyaml"],
    extras_require={"training": ["torch", "onnx", "onnxscript", "onnxruntime", "pycocotools", "tensorboard", "tqdm"]},
    entry_points={
        "console_scripts": [
            f"train = {PACKAGE}.train:main",
            f"export = {PACKAGE}.export:main",
            f"evaluate = {PACKAGE}.evaluate:main",
            f"dataset = {PACKAGE}.dataset_command:main",
            f"augment = {PACKAGE}.augment_command:main",
            f"make_demo_bag = {PACKAGE}.synthetic.demo_bag:main",
        ]
    },
    zip_safe=False,
)
