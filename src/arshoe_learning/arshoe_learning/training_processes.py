"""The processes that train together: one without torchrun, else those that it started."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn, TypeVar

import torch
from torch import distributed, nn

from arshoe_core.errors import BadInputError

Result = TypeVar("Result")


class TrainingProcesses:
    """This process's place among those that train together.

    Attributes:
        rank: number of this process; 0 validates and writes.
        count: how many there are.
        device: what this process computes on.
    """

    def __init__(self) -> None:
        self.rank, self.count = (int(os.environ.get(name, value)) for name, value in (("RANK", 0), ("WORLD_SIZE", 1)))
        local = int(os.environ.get("LOCAL_RANK", 0))
        self.device = torch.device("cuda", local) if torch.cuda.is_available() else torch.device("cpu")
        if self.device.type == "cuda":
            torch.cuda.set_device(self.device)

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Let the processes find one another for the body."""
        if self.count > 1:
            distributed.init_process_group("nccl" if self.device.type == "cuda" else "gloo")
        yield
        if self.count > 1:
            distributed.barrier()  # all end together
            distributed.destroy_process_group()

    def exit(self, status: int) -> NoReturn:
        """End this process.

        DistributedDataParallel leaves gloo's threads running, even when it and the process group are gone. Of a small
        program, one run in five that then let Python end as usual died of SIGABRT.
        """
        if self.count > 1:
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
        sys.exit(status)

    def share_of(self, batch: int) -> int:
        """Pictures of a batch that this process takes.

        Raises:
            BadInputError: if the processes can't share it evenly.
        """
        if batch % self.count:
            raise BadInputError(f"batch is {batch}; allowed with {self.count} processes: a multiple of {self.count}")
        return batch // self.count

    def parallel(self, network: nn.Module) -> nn.Module:
        """The network, its gradients averaged over the processes."""
        if self.count == 1:
            return network
        return nn.parallel.DistributedDataParallel(network)

    def first_then_others(self, work: Callable[[], Result]) -> Result:
        """Do something in process 0 and then in the others, which find what it has written; returns its result."""
        if self.count == 1:
            return work()
        if self.rank > 0:
            distributed.barrier()
            return work()
        result = work()
        distributed.barrier()
        return result

    def agreed(self, value: float) -> float:
        """The value that process 0 has."""
        if self.count == 1:
            return value
        shared = torch.tensor(value, dtype=torch.float64, device=self.device)
        distributed.broadcast(shared, 0)
        return float(shared)
