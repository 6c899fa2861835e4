"""The Plan: the one boundary between training and deployment. Nothing here needs torch."""

from dsnet_edge.plan.plan import Epilogue, InputSpec, Plan
from dsnet_edge.plan.program import Op, Program, Value

__all__ = ["Epilogue", "InputSpec", "Op", "Plan", "Program", "Value"]
