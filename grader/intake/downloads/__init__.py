"""One module for each platform: how its download of a class's submissions names students, attempts and times."""
