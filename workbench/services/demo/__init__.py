"""The demo set: three small collections, built from packages of the public registries."""

from workbench.services.demo.building import DemoCollection, build_demo_set

__all__ = ["DemoCollection", "build_demo_set"]
