"""A whole class: plan, grade, remember, sum up. Resumes by itself, and grades nothing twice that has not changed."""
