"""One pure function a sink: a `grader.results.Result` goes in, text for people comes out."""
