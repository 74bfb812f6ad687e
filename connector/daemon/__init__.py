"""The connector as a process: a clock that asks for looks, a receiver that asks for looks, one worker that looks."""
