"""RFC 6749's own rules as pure functions: appendix A (characters), 3.1 (parameters), 3.3 (scope), 4.1.2 (redirect)."""
