"""Quizzes, and the badges for them."""
