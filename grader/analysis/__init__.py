"""What a class's results say of the checks, and of the mistakes that several make. Fed one result after the other."""
