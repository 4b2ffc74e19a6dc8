"""Whole journeys through real processes, seen as the people see them."""
